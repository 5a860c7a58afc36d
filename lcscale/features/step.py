"""`Extract`: features as a step that a catalog maps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from lcscale.features.batch import QuantileRule
from lcscale.features.extraction import Chosen, extract
from lcscale.lightcurves import clean_light_curves, declared_bands
from lcscale.lightcurves.cleaning import MIN_OBSERVATIONS
from lcscale.lightcurves.columns import ReadsLightCurves
from lcscale.periods import PERIOD
from lcscale.vocabulary import Column, append_columns


@dataclass(frozen=True)
class Extract(ReadsLightCurves):
    """Append features to a catalog with light curves.

    The bands come from `bands`, else from the metadata of the light-curve field (``bands``: names separated by
    commas, primary first); without either, each object's most observed band is taken. A `period` that `Search`
    found is used where the catalog has one (a survey's own is not), else periods are searched for when a feature needs
    them.

    Parameters
    ----------
    names
        Names of features; None for all.
    column
        Name of the nested light-curve column.
    bands
        Bands to use, primary first.
    quantile_rule
        ``"linear"`` or ``"hazen"``.
    min_observations
        As in `extract`.
    device
        As in `extract`; no part of the fingerprint.
    """

    names: tuple[str, ...] | None = None
    column: str = "lightcurve"
    bands: tuple[str, ...] | None = None
    quantile_rule: QuantileRule = "linear"
    min_observations: int = MIN_OBSERVATIONS
    device: str = field(default="cpu", repr=False)
    optional_columns = (PERIOD.name,)
    settings = ("names", "bands", "quantile_rule", "min_observations")
    costly = True
    version = 6

    def __post_init__(self) -> None:
        for name in ("names", "bands"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, (value,) if isinstance(value, str) else tuple(value))
        Chosen.of(self.names, self.bands or (), self.quantile_rule, self.min_observations)

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """A column a feature and band, and the reason."""
        return self._chosen(input_schema).gives()

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with their features."""
        chosen = self._chosen(table.schema)
        lcs = clean_light_curves(table, self.column)
        period = None
        if PERIOD.is_in(table.schema):
            period = table.column("period").cast(pa.float64()).to_numpy().astype(np.float64)
        features = extract(
            lcs,
            chosen.names,
            period,
            bands=chosen.bands,
            quantile_rule=self.quantile_rule,
            min_observations=self.min_observations,
            device=self.device,
        )
        return append_columns(table, features)

    def _chosen(self, schema: pa.Schema) -> Chosen:
        chosen = Chosen.of(self.names, self._bands(schema), self.quantile_rule, self.min_observations)
        return (
            replace(chosen, names=tuple(n for n in chosen.names if n != "period")) if PERIOD.is_in(schema) else chosen
        )

    def _bands(self, schema: pa.Schema) -> tuple[str, ...]:
        if self.bands is not None:
            return self.bands
        return declared_bands(schema, self.column)

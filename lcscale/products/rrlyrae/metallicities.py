"""`FourierPopulation` and `Metallicities`: denoised Fourier parameters and [Fe/H] of RR Lyrae stars, as steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError, ModelError
from lcscale.features import extract
from lcscale.kernels.compiling import Floats
from lcscale.lightcurves import LightCurves, clean_light_curves
from lcscale.lightcurves.columns import LIGHT_CURVE
from lcscale.models.keeping.travelling import Travelling
from lcscale.models.labels.curves import bands_of
from lcscale.periods import PERIOD
from lcscale.products.rrlyrae.answers import Choice, answer
from lcscale.products.rrlyrae.columns import ANSWERS, DENOISED, FITTED, FITTED_NAMES, MODE, MODEL_ID, REASON, SERIES
from lcscale.products.rrlyrae.described import Described, describe
from lcscale.products.rrlyrae.model import DEFAULT_MODEL, SHIPPED, RRLyraeModel, read_rrlyrae_card
from lcscale.steps import Declared
from lcscale.units import column_in
from lcscale.vocabulary import Column, append_columns, is_made, schema_of

_ROWS = 4096


@dataclass(frozen=True)
class FourierPopulation(Travelling, Declared):
    """Append the mode and denoised Fourier parameters of RR Lyrae stars.

    Phases are those of a cosine series, ``φ_k1 = φ_k − k φ_1`` in [0, 2π), Gaia's convention.

    Parameters
    ----------
    model
        Name of a shipped model, or the folder of one.
    period
        Column with the period, days. Where it is one that `Search` found, `period_2` and `period_3` are tried too.
    mode
        Column with the mode or class, where the catalog has one.
    band
        Name of the catalog's band that is the model's; None: of that name, or the only one.
    column
        Name of the nested light-curve column.
    model_id
        The model's id by content, found out when it is empty.
    """

    model: str = DEFAULT_MODEL
    period: str = "period"
    mode: str | None = None
    band: str | None = None
    column: str = "lightcurve"
    model_id: str = ""
    settings: ClassVar[tuple[str, ...]] = ("period", "mode")
    costly = True
    version = 1
    shipped = SHIPPED

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", str(self.model))
        if not self.model_id:
            object.__setattr__(self, "model_id", read_rrlyrae_card(self.model).id)

    @property
    def reads(self) -> tuple[Column, ...]:
        """Light curves, period, and mode where one is named."""
        curves, period = LIGHT_CURVE.named(self.column), PERIOD.named(self.period)
        return (curves, period) if self.mode is None else (curves, period, MODE.named(self.mode))

    @property
    def optional_columns(self) -> tuple[str, ...]:
        """Further candidates for the period."""
        return ("period_2", "period_3") if self.period == PERIOD.name else ()

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """Mode, period, denoised parameters, `reason`, `model_id`."""
        self._band(input_schema)
        return (*SERIES, REASON, MODEL_ID)

    def fingerprint(self) -> str:
        """The model's id, wherever it is, the other parameters and the version."""
        what = (self.model_id, self.period, self.mode, self.band, self.column)
        return f"{type(self).__name__}{what} v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with what is known of them."""
        model = RRLyraeModel.load(self.model)
        if model.card.id != self.model_id:
            raise ModelError(
                f"model {self.model} has changed: it is {model.card.id} now, the job was planned with {self.model_id}"
            )
        parts = [self._part(table.slice(first, _ROWS), model) for first in range(0, max(len(table), 1), _ROWS)]
        return append_columns(table, pa.concat_tables(parts))

    def _part(self, table: pa.Table, model: RRLyraeModel) -> pa.Table:
        _, _, described = self._described(table, model)
        return _table((*_series(described), *self._ends(described.reason)), self.gives(table.schema))

    def _ends(self, reason: npt.NDArray[np.object_]) -> tuple[pa.Array, pa.Array]:
        return pa.array(reason, pa.string()), pa.array([self.model_id] * len(reason), pa.string())

    def _described(self, table: pa.Table, model: RRLyraeModel) -> tuple[LightCurves, Floats, Described]:
        """Light curves in the band, periods, and what they say."""
        lcs = clean_light_curves(table, self.column).in_magnitudes()
        band = self._band(table.schema)
        if band is not None and lcs.band is not None:
            lcs = lcs.select_band(band) if band in lcs.bands else lcs.of_bands(())
        names = [self.period, *(name for name in self.optional_columns if is_made(table.schema, name))]
        candidates = np.stack([_days(table, name) for name in names], axis=1)
        given = np.full(len(table), None, object)
        if self.mode is not None:
            given[:] = [each or None for each in table.column(self.mode).to_pylist()]
        searched = PERIOD.named(self.period).is_in(table.schema)
        described = describe(lcs, candidates, given, model.populations, searched=searched)
        return lcs, described.period, described

    def _band(self, schema: pa.Schema) -> str | None:
        """Name of the band; None where light curves have a single unnamed one."""
        bands, wanted = bands_of(schema, self.column) or (), self.band or read_rrlyrae_card(self.model).band
        if not bands or wanted in bands:
            return wanted if bands else None
        raise InputError(
            f"the model {self.model} is of light curves in {wanted}; the catalog has {', '.join(bands)}. "
            "Name the band that is Gaia's G with band="
        )


@dataclass(frozen=True)
class Metallicities(FourierPopulation):
    """Append [Fe/H] of RR Lyrae stars with its errors, and what it was made of.

    Parameters
    ----------
    choice
        Relations, which answer is preferred, and the scale.
    """

    choice: Choice = field(default_factory=Choice)
    settings = ("period", "mode", "choice")
    version = 2

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """The star's own and denoised Fourier parameters, [Fe/H], `reason`, `model_id`."""
        self._band(input_schema)
        return (*FITTED, *SERIES, *ANSWERS, REASON, MODEL_ID)

    def fingerprint(self) -> str:
        """Of the population, with the choice."""
        return f"{super().fingerprint()} {self.choice}"

    def _part(self, table: pa.Table, model: RRLyraeModel) -> pa.Table:
        lcs, period, described = self._described(table, model)
        fitted = extract(lcs, FITTED_NAMES, period, bands=lcs.bands[:1] if lcs.band is None else ())
        own = [fitted.column(name) for name in FITTED_NAMES]
        phases = {name: fitted.column(name).to_numpy() for name in ("phi31", "phi31_error")}
        answers, reason = answer(described, phases, lcs, model, self.choice)
        return _table((*own, *_series(described), *answers, *self._ends(reason)), self.gives(table.schema))


def _days(table: pa.Table, name: str) -> Floats:
    values = column_in(table, name, "d").cast(pa.float64()).to_numpy()
    return np.where(values > 0, values, np.nan)


def _table(arrays: Sequence[pa.Array | pa.ChunkedArray], columns: Sequence[Column]) -> pa.Table:
    return pa.table(list(arrays), schema=schema_of(columns))


def _series(described: Described) -> list[pa.Array]:
    """In the order of `SERIES`."""
    own, known = described.own, described.answered
    values = [*own.amplitudes.T, *own.phases.T]
    numbers = [each for pair in zip(values, own.errors.T, strict=True) for each in pair]
    assert len(numbers) == len(DENOISED)
    return [
        pa.array(described.mode, pa.string()),
        nullable(described.prob_rrab),
        nullable(described.period),
        nullable(described.phase_gap),
        nullable(described.scatter),
        *(nullable(np.where(known, each, np.nan)) for each in numbers),
    ]


def nullable(values: Floats) -> pa.Array:
    """float64 with nulls for what is not finite."""
    return pa.array(values.astype(np.float64), mask=~np.isfinite(values))

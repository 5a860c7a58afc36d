"""lcscale's match as an algorithm of LSDB: ``catalog.crossmatch(other, algorithm=LSDBCrossmatch(...))``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from lsdb.core.crossmatch.abstract_crossmatch_algorithm import AbstractCrossmatchAlgorithm

from lcscale.crossmatch.naming import SEPARATION
from lcscale.crossmatch.options import MatchFields, MatchOptions, reach_arcsec
from lcscale.crossmatch.pairing import counterparts
from lcscale.errors import InputError

if TYPE_CHECKING:
    from lsdb.catalog import Catalog
    from lsdb.core.crossmatch.crossmatch_args import CrossmatchArgs

_DISTANCE = SEPARATION.name


class LSDBCrossmatch(AbstractCrossmatchAlgorithm):  # type: ignore[misc]
    """Match of an LSDB catalog with proper motion, gates and all neighbours, by lcscale's compiled search.

    LSDB joins the rows, so `how` and suffixes are given to its ``crossmatch``; it adds the column
    `separation_arcsec`. The right catalog's margin must be at least `reach_arcsec` of the options.

    Parameters
    ----------
    options
        What counts as a counterpart; or None, and its fields by name.
    **fields
        Fields of `MatchOptions`: ``LSDBCrossmatch(radius_arcsec=2.0, n_neighbors=None)``.
    """

    extra_columns = pd.DataFrame({_DISTANCE: pd.Series(dtype=pd.ArrowDtype(pa.float64()))})

    def __init__(self, options: MatchOptions | None = None, **fields: Unpack[MatchFields]) -> None:
        super().__init__()
        if options is not None and fields:
            raise InputError(f"give options or {', '.join(fields)}, not both")
        self.options = options if options is not None else MatchOptions(**fields)
        for name, wanted in (("how", "inner"), ("mutual", False), ("chance_probability", False), ("suffix", None)):
            if getattr(self.options, name) != wanted:
                raise InputError(f"{name} cannot be given to an algorithm of LSDB, which joins partition by partition")

    def validate(self, left: Catalog, right: Catalog) -> None:
        """Stop before anything is computed where the right margin is too narrow for an exact match."""
        super().validate(left, right)
        needed = reach_arcsec(self.options)
        margin = right.margin
        if margin is not None and margin.hc_structure.catalog_info.margin_threshold < needed:
            found = margin.hc_structure.catalog_info.margin_threshold
            raise InputError(f"the margin of {right.name} is {found:g} arcsec wide, this match needs {needed:g}")

    def perform_crossmatch(
        self, crossmatch_args: CrossmatchArgs
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], pd.DataFrame]:
        """Row numbers of the pairs of two partitions, and their separation."""
        sides = []
        for side in ("left", "right"):
            info = getattr(crossmatch_args, f"{side}_catalog_info")
            position = (info.ra_column, info.dec_column)
            sides.append((self._table(getattr(crossmatch_args, f"{side}_df"), position, side), position))
        (left, left_position), (right, right_position) = sides
        pairs, _ = counterparts(left, right, self.options, left_columns=left_position, right_columns=right_position)
        separation = pd.Series(pairs[2], dtype=pd.ArrowDtype(pa.float64()))
        return pairs[0], pairs[1], pd.DataFrame({_DISTANCE: separation})

    def _table(self, frame: pd.DataFrame, position: tuple[str, str], side: str) -> pa.Table:
        """The columns of a partition that the match reads, as Arrow; all flat ones where a condition names any."""
        if self.options.where is None:
            names = [name for name in (*position, *self.options.columns_needed(side)) if name in frame.columns]
        else:
            nested = getattr(frame, "nested_columns", [])
            names = [name for name in frame.columns if name not in nested]
        return pa.Table.from_pandas(frame[list(dict.fromkeys(names))], preserve_index=False)

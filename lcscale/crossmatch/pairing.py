"""Which rows of two Arrow tables are counterparts: positions moved, radius searched, gates passed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.crossmatch.bounds import ALL
from lcscale.crossmatch.chance import chance_probability
from lcscale.crossmatch.compared import Compared, compared
from lcscale.crossmatch.gates import passing
from lcscale.crossmatch.matching import keep_mutual, keep_nearest
from lcscale.crossmatch.naming import JoinedNames, joined_names
from lcscale.crossmatch.options import MatchOptions
from lcscale.crossmatch.ordering import Pairs, search
from lcscale.crossmatch.references import Reference, asked_of_rows, referred, row_epoch
from lcscale.crossmatch.zones import build_index


def counterparts(
    left: pa.Table,
    right: pa.Table,
    options: MatchOptions,
    *,
    left_columns: tuple[str, str],
    right_columns: tuple[str, str],
    left_name: str = "the left catalog",
    right_name: str = "the right catalog",
    n_own: int | None = None,
    names: JoinedNames | None = None,
) -> tuple[Pairs, list[npt.NDArray[np.float64]]]:
    """Pairs of rows that `options` call the same object, and their chance probability where it is asked for.

    Parameters are those of `match_tables`; of the left rows only the first `n_own` get pairs, the others merely
    compete for right ones. `names` are those of the joined catalog, where the tables have but some of its columns.
    """
    options = referred(
        options,
        _reference(left, left_columns, left_name, "left", options),
        _reference(right, right_columns, right_name, "right", options),
    )
    places = compared((left, right), (left_columns, right_columns), (left_name, right_name), options)
    pairs = _pairs(left, right, places, options, names)
    if n_own is not None and n_own < left.num_rows:
        own = pairs[0] < n_own
        pairs = pairs[0][own], pairs[1][own], pairs[2][own]
    if not options.chance_probability or options.how == "anti":
        return pairs, []
    return pairs, [chance_probability(pairs, *places.positions, options.density_radius_arcsec)]


def _pairs(
    left: pa.Table,
    right: pa.Table,
    places: Compared,
    options: MatchOptions,
    names: JoinedNames | None,
) -> Pairs:
    """The pairs that the options call the same object."""
    nearest = ALL if options.n_neighbors is None else options.n_neighbors
    every = options.gated or options.mutual or places.dates is not None
    radius = places.radius(options.radius_arcsec / 3600.0)
    pairs = search(*places.positions[0], radius, build_index(*places.positions[1]), ALL if every else nearest)
    pairs = places.within(pairs, options.radius_arcsec)
    if options.gated:
        names = names or joined_names(left.schema, right.schema, options)
        pairs = passing(pairs, left, right, places, options, names)
    if options.mutual:
        return keep_mutual(pairs, right.num_rows)
    return keep_nearest(pairs, nearest) if every and nearest != ALL else pairs


def _reference(table: pa.Table, columns: tuple[str, str], name: str, side: str, options: MatchOptions) -> Reference:
    """What a table says of its positions; its rows are asked for their epoch only where that matters."""
    of_rows = row_epoch(table, name) if asked_of_rows(options, side) else None
    return Reference(name, table.schema, columns[0], row_epoch=of_rows)

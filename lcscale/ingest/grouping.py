"""Which pieces lie together on the sky, decided so that every partition finds the same from what is near it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.lake import HEALPIX_COLUMN, spatial_index
from lcscale.nested import parts_of
from lcscale.surveys import Survey
from lcscale.surveys.nesting import MEMBERS, gathered, medians

_ROUNDS = 3

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def reach_arcsec(survey: Survey) -> float:
    """How far around a partition pieces and objects may lie that decide on its objects; 0 where the id decides.

    What becomes of a piece in a round hangs on those within twice the radius, and a piece belongs to a head within
    the radius, which may have stood in another place.
    """
    return (2 * _ROUNDS + 2) * (survey.join_arcsec or 0.0)


def heads(ra: Floats, dec: Floats, radius_arcsec: float) -> Integers:
    """The head of each piece: the row of the piece whose object it belongs to, int64 [n].

    Parameters
    ----------
    ra, dec
        Positions in degrees [n], in order of the pieces' names.
    radius_arcsec
        No piece is farther from its head.

    Notes
    -----
    A piece with none of a smaller name within the radius is a head; the others join their nearest head. Those that
    have none near (a chain of pieces: the smaller one belongs elsewhere) decide again among themselves, and after
    three rounds stay alone. Unlike friends of friends, which may link across the sky, this is decided by pieces within
    six radii, so that neighbouring partitions agree without knowing each other.
    """
    first, second, distance = _pairs(ra, dec, radius_arcsec)
    n = ra.size
    found = np.full(n, -1, np.int64)
    for _ in range(_ROUNDS):
        waiting = found < 0
        live = waiting[first] & waiting[second]
        follows = np.zeros(n, bool)
        follows[first[live & (second < first)]] = True
        leading = waiting & ~follows
        found[leading] = np.flatnonzero(leading)
        near = np.flatnonzero(live & follows[first] & leading[second])
        near = near[np.lexsort((second[near], distance[near], first[near]))]
        joining, nearest = np.unique(first[near], return_index=True)
        found[joining] = second[near[nearest]]
    return np.where(found < 0, np.arange(n), found)


def _pairs(ra: Floats, dec: Floats, radius_arcsec: float) -> tuple[Integers, Integers, Floats]:
    """Both ways all pairs of positions within the radius, and their squared chord."""
    from scipy.spatial import cKDTree

    lon, lat = np.radians(ra), np.radians(dec)
    vectors = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    chord = 2 * np.sin(np.radians(radius_arcsec / 3600) / 2)
    # The tree rounds as its boxes fall, which differ between partitions: the pairs are decided on below.
    pairs = cKDTree(vectors).query_pairs(chord * (1 + 1e-6), output_type="ndarray").astype(np.int64)
    distance = ((vectors[pairs[:, 0]] - vectors[pairs[:, 1]]) ** 2).sum(axis=1)
    pairs, distance = pairs[distance <= chord**2], distance[distance <= chord**2]
    return np.concatenate(pairs.T), np.concatenate(pairs.T[::-1]), np.concatenate([distance, distance])


def taken_apart(objects: pa.Table, survey: Survey) -> pa.Table:
    """The pieces that `objects` were joined from: one row a member, with those of the observations that are its own.

    Further columns are those of the object.
    """
    members = parts_of(objects.column(MEMBERS).combine_chunks())
    name, *_ = members
    curves = parts_of(objects.column("lightcurve").combine_chunks())
    names = members[name]
    position = [np.asarray(members[angle].values.to_numpy(zero_copy_only=False)) for angle in ("ra", "dec")]
    piece = _matching(names.owner, names.values, curves[name].owner, curves[name].values)
    n, order = len(names.values), np.argsort(piece, kind="stable")
    taken = {key: each.values.take(pa.array(order)) for key, each in curves.items()}
    columns = {
        HEALPIX_COLUMN: pa.array(spatial_index(*position)),
        str(survey.identity): names.values,
        survey.ra: pa.array(position[0]),
        survey.dec: pa.array(position[1]),
        MEMBERS: gathered(np.arange(n), n, {key: each.values for key, each in members.items()}),
        "lightcurve": gathered(piece[order], n, taken),
    }
    rest = objects.drop_columns([key for key in columns if key in objects.column_names]).take(pa.array(names.owner))
    arrays = [columns[key] if key in columns else rest.column(key) for key in objects.column_names]
    return pa.Table.from_arrays(arrays, schema=objects.schema)


def with_members_once(objects: pa.Table) -> pa.Table:
    """`objects`, in which pieces brought a member more than once, with each once, and its magnitude told anew."""
    members = parts_of(objects.column(MEMBERS).combine_chunks())
    name, *_ = members
    curves = parts_of(objects.column("lightcurve").combine_chunks())
    owner = members[name].owner
    codes = members[name].values.dictionary_encode().indices.to_numpy().astype(np.int64)
    _, last = np.unique((owner * (int(codes.max(initial=0)) + 1) + codes)[::-1], return_index=True)
    kept = np.sort(owner.size - 1 - last)
    values = {key: each.values.take(pa.array(kept)) for key, each in members.items()}
    owner = owner[kept]
    piece = _matching(owner, values[name], curves[name].owner, curves[name].values)
    values["mag"] = medians(curves["mag"].values, piece, owner.size)
    at = objects.column_names.index(MEMBERS)
    return objects.set_column(at, objects.schema.field(MEMBERS), gathered(owner, objects.num_rows, values))


def without_repeated(known: pa.Table, new: pa.Table, identity: str) -> pa.Table:
    """The rows `known` without those observations that `new` has anew: of the same name, time and band.

    A survey that reprocesses its images publishes the same observations with other magnitudes.
    """
    before, after = (parts_of(table.column("lightcurve").combine_chunks()) for table in (known, new))
    names = [table.column(identity).combine_chunks() for table in (known, new)]
    of = [names[k].take(pa.array(side["time"].owner)) for k, side in enumerate((before, after))]
    keys = np.zeros(len(of[0]) + len(of[1]), np.int64)
    for parts in (of, *([side[key].values for side in (before, after)] for key in ("band", "time"))):
        codes = pa.concat_arrays([each.cast(parts[0].type) for each in parts]).dictionary_encode().indices
        place = codes.fill_null(-1).to_numpy().astype(np.int64) + 1
        keys = keys * (int(place.max(initial=0)) + 1) + place
    again = np.isin(keys[: len(of[0])], keys[len(of[0]) :]) & of[0].is_valid().to_numpy(zero_copy_only=False)
    if not again.any():
        return known
    kept = np.flatnonzero(~again)
    values = {key: each.values.take(pa.array(kept)) for key, each in before.items()}
    curves = gathered(before["time"].owner[kept], known.num_rows, values)
    at = known.column_names.index("lightcurve")
    return known.set_column(at, known.schema.field("lightcurve"), curves)


def _matching(owner: Integers, names: pa.Array, of: Integers, wanted: pa.Array) -> Integers:
    """For each of `wanted` the first place in `names` with the same value and the same owner."""
    codes = pa.concat_arrays([names, wanted.cast(names.type)]).dictionary_encode().indices.to_numpy().astype(np.int64)
    base = int(codes.max(initial=0)) + 1
    keys = owner * base + codes[: owner.size]
    order = np.argsort(keys, kind="stable")
    return np.asarray(order[np.searchsorted(keys[order], of * base + codes[owner.size :])])

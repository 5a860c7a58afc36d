"""Offsets between the fields of a band: what was put in is found and taken out, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from lcscale.cli import app
from lcscale.errors import InputError
from lcscale.lake import HEALPIX_COLUMN, spatial_index
from lcscale.lightcurves import LIGHTCURVE_TYPE
from lcscale.lightcurves.field_offsets import AlignFields, offset_of

FIELD_TYPE = pa.struct([*LIGHTCURVE_TYPE, pa.field("oid", pa.list_(pa.int64()))])
OFFSET = 0.06


def stars(n=12, n_nights=160, offset=OFFSET, kind=FIELD_TYPE):
    """RR Lyrae-like stars that two fields see in g half an hour apart, fainter by `offset` in the second; r in one."""
    rng = np.random.default_rng(1)
    rows, quiet = [], []
    for i in range(n):
        night = np.sort(rng.choice(900, n_nights, replace=False)) + rng.uniform(0.2, 0.4, n_nights)
        time = np.concatenate([night, night[::2] + 0.02, night + 0.01])
        field = np.repeat([10, 20, 30], [n_nights, n_nights // 2, n_nights])
        true = 16 + 0.4 * np.cos(2 * np.pi * time / (0.437 + 0.0413 * i))
        mag = true + rng.normal(0, 0.02, time.size) + np.where(field == 20, offset, 0.0)
        band = np.where(field == 30, "zr", "zg")
        order = rng.permutation(time.size)
        row = {"time": time[order], "mag": mag[order], "mag_err": np.full(time.size, 0.02), "band": band[order]}
        rows.append({name: values.tolist() for name, values in (row | {"oid": field[order]}).items()})
        quiet.append(true[order])
    ra, dec = rng.uniform(10, 20, n), rng.uniform(10, 20, n)
    base = {HEALPIX_COLUMN: spatial_index(ra, dec), "object_id": np.arange(n), "ra": ra, "dec": dec}
    field = pa.field("lightcurve", kind, metadata={"bands": "zg,zr"})
    return pa.table(base).append_column(field, pa.array(rows, kind)), quiet


def test_an_offset_is_found_within_its_error_and_taken_out():
    table, quiet = stars()
    found = AlignFields()(table)
    assert found.schema == AlignFields().schema(table.schema)
    offset, error = (found[name].to_numpy() for name in ("field_offset", "field_offset_error"))
    assert (np.abs(offset - OFFSET) < 4 * error).all()
    assert (error < 0.025).all()
    assert (offset > 3 * error).sum() >= 8
    pairs = (each["lightcurve"].to_pylist() for each in (table, found))
    for before, after, true, by, known in zip(*pairs, quiet, offset, error, strict=True):
        moved = np.array(before["oid"]) == 20
        np.testing.assert_array_equal(np.array(before["mag"])[~moved], np.array(after["mag"])[~moved])
        rest = np.array(after["mag"])[moved] - true[moved]
        assert rest.mean() == pytest.approx(OFFSET - (by if by > 3 * known else 0.0), abs=0.01)
        assert {name: before[name] for name in ("time", "mag_err", "band", "oid")} == {
            name: after[name] for name in ("time", "mag_err", "band", "oid")
        }
    again = AlignFields()(found)["field_offset"].to_numpy()
    assert np.abs(again[offset > 3 * error]).max() < 1e-5


def test_offsets_are_told_and_left_where_that_was_asked_and_none_is_made_up():
    table, _ = stars()
    told = AlignFields(correct=False)(table)
    assert told["lightcurve"].equals(table["lightcurve"])
    assert told["field_offset"].to_numpy().mean() == pytest.approx(OFFSET, abs=0.015)
    none = AlignFields()(stars(offset=0.0)[0])
    significant = np.abs(none["field_offset"].to_numpy()) > 3 * none["field_offset_error"].to_numpy()
    assert significant.sum() <= 2


def test_lists_of_structs_and_rows_that_cannot_be_read_stay_what_they_are():
    table, _ = stars(4)
    listed = pa.list_(pa.struct([pa.field(part.name, part.type.value_type) for part in FIELD_TYPE]))
    rows = [
        [dict(zip(row, values, strict=True)) for values in zip(*row.values(), strict=True)]
        for row in table["lightcurve"].to_pylist()
    ]
    other = table.set_column(4, pa.field("lightcurve", listed), pa.array(rows, listed))
    first, second = AlignFields()(table), AlignFields()(other)
    assert first["field_offset"].equals(second["field_offset"])
    assert second.schema.field("lightcurve").type == listed
    broken = table["lightcurve"].to_pylist()
    broken[1]["mag"] = broken[1]["mag"][:5]
    broken[2] = None
    hurt = table.set_column(4, table.schema.field("lightcurve"), pa.array(broken, FIELD_TYPE))
    found = AlignFields()(hurt)
    assert [each is None for each in found["field_offset"].to_pylist()] == [False, True, True, False]
    assert found["lightcurve"].to_pylist()[1:3] == hurt["lightcurve"].to_pylist()[1:3]


def test_light_curves_that_tell_no_field_are_refused(lake):
    from skies import put

    table, _ = stars(3)
    parts = table["lightcurve"].combine_chunks().flatten()[:4]
    nested = pa.StructArray.from_arrays(parts, fields=list(LIGHTCURVE_TYPE))
    without = table.set_column(4, pa.field("lightcurve", LIGHTCURVE_TYPE), nested)
    with pytest.raises(InputError, match="AlignFields needs oid in lightcurve"):
        AlignFields().schema(without.schema)
    put(lake, "stars", table.sort_by(HEALPIX_COLUMN), order=0)
    where = ["features", "stars", "--lake", str(lake.root), "--name", "aligned", "--only", "mean", "--fmax", "1"]
    run = CliRunner().invoke(app, [*where, "--align-fields"])
    assert run.exit_code == 0, run.output
    assert lake["aligned"].to_arrow()["field_offset"].to_numpy().mean() == pytest.approx(OFFSET, abs=0.02)


@pytest.mark.parametrize(("n_nights", "n_second"), [(12, 1), (40, 1), (40, 3), (40, 6)])
def test_errors_are_as_large_as_the_offsets_are_wrong(n_nights, n_second):
    """Several observations of the second field share one of the first: (offset - truth) / error spreads by 1."""
    rng, n_stars = np.random.default_rng(7), 1500
    time = np.concatenate([np.arange(n_nights), np.repeat(np.arange(n_nights), n_second) + rng.uniform(0.01, 0.04)])
    first, second = np.arange(n_nights), np.arange(n_nights, time.size)
    wrong = []
    for _ in range(n_stars):
        mag = 15.0 + rng.normal(0, 0.02, time.size)
        mag[rng.random(time.size) < 0.02] += 0.3
        mag[second] += OFFSET
        offset, error = offset_of(time, mag, first, second)
        wrong.append((offset - OFFSET) / error)
    assert np.std(wrong) == pytest.approx(1.0, abs=0.1)
    assert abs(np.mean(wrong)) < 4 / np.sqrt(n_stars) + 0.05


def test_pairs_that_share_all_of_one_field_tell_no_offset():
    time = np.concatenate([[0.0, 1.0], np.linspace(0.001, 0.04, 30), 1 + np.linspace(0.001, 0.04, 30)])
    mag = np.random.default_rng(0).normal(15, 0.02, time.size)
    assert np.isnan(offset_of(time, mag, np.arange(2), np.arange(2, time.size))).all()

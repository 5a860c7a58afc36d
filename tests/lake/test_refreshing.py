"""After an append only what changed is computed again, and the result is that of a fresh computation, row for row."""

from __future__ import annotations

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cdshealpix.nested import healpix_to_lonlat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lcscale.ingest import Partitioning, ingest
from lcscale.lake import Lake, Pixel, spatial_index
from lcscale.lake.borders import ranges_around_each, ranges_around_pixels, united
from lcscale.lake.pixel import Pixels

QUIET = {"engine": "serial", "progress": False}


def rows(folder, number, n, where, rng):
    """A release file of `n` objects, all over the sky or near one place."""
    if where is None:
        ra, dec = rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    else:
        ra, dec = (where[0] + rng.normal(0, 0.01, n)) % 360, np.clip(where[1] + rng.normal(0, 0.01, n), -90, 90)
    names = [f"{number}-{k}" for k in range(n)]
    table = pa.table({"object_id": names, "ra": ra, "dec": dec, "mag": rng.normal(15, 2, n)})
    pq.write_table(table, folder / f"{number}.parquet")
    return folder / f"{number}.parquet"


def add(lake, name, file, append=True):
    ingest("table", file, lake, name, append=append, partitioning=Partitioning(rows=60), **QUIET)


PIPELINES = {
    "where": lambda lake: lake["left"].where("mag < 15.5"),
    "inner": lambda lake: lake["left"].crossmatch(lake["right"], radius_arcsec=900.0),
    "outer": lambda lake: lake["left"].crossmatch(lake["right"], radius_arcsec=900.0, how="left", n_neighbors=2),
    "anti": lambda lake: lake["left"].crossmatch(lake["right"], radius_arcsec=900.0, how="anti"),
    "mutual": lambda lake: lake["left"].crossmatch(lake["right"], radius_arcsec=900.0, mutual=True),
    "chance": lambda lake: lake["left"].crossmatch(
        lake["right"], radius_arcsec=600.0, chance_probability=True, density_radius_arcsec=2400.0
    ),
    "joined": lambda lake: lake["left"].join(lake["where"].columns("object_id", "mag"), how="inner"),
    "of a result": lambda lake: lake["left"].crossmatch(lake["right"].where("mag > 14"), radius_arcsec=900.0),
}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.lists(st.sampled_from(["left", "right"]), min_size=1, max_size=3))
def test_a_refresh_is_a_fresh_computation(tmp_path_factory, seed, appends):
    folder = tmp_path_factory.mktemp("refresh")
    rng = np.random.default_rng(seed)
    lake = Lake(folder / "lake")
    where = (float(rng.uniform(0, 360)), float(rng.uniform(-90, 90)))
    add(lake, "left", rows(folder, 0, 400, None, rng), append=False)
    add(lake, "right", rows(folder, 1, 400, None, rng), append=False)
    for round_, side in enumerate([None, *appends]):
        if side is not None:
            add(lake, side, rows(folder, 10 + round_, 3, where, rng))
        for name, pipeline in PIPELINES.items():
            view = pipeline(lake)
            record = view.write(name.replace(" ", "_"), **QUIET)
            found = lake[name.replace(" ", "_")].to_arrow()
            assert found.equals(view.to_arrow()), name
            if round_ and len(lake["left"].source.leaves) > 20:
                assert record.done <= len(lake["left"].source.leaves) // 2, name


def test_only_what_an_append_touches_runs_again(tmp_path):
    rng = np.random.default_rng(1)
    lake = Lake(tmp_path / "lake")
    add(lake, "left", rows(tmp_path, 0, 3000, None, rng), append=False)
    add(lake, "right", rows(tmp_path, 1, 3000, None, rng), append=False)
    views = {name: PIPELINES[name] for name in ("where", "inner", "mutual")}
    first = {name: view(lake).write(name, **QUIET).done for name, view in views.items()}
    assert min(first.values()) > 60
    add(lake, "right", rows(tmp_path, 2, 5, (40.0, 20.0), rng))
    again = {name: view(lake).write(name, **QUIET) for name, view in views.items()}
    assert again["where"].done == 0
    assert again["where"].summary().startswith("where: nothing to do")
    assert 1 <= again["inner"].done <= 2 * 9  # partitions around the two that the new rows are in at most
    assert again["inner"].skipped == first["inner"] - again["inner"].done
    assert "partitions taken over from v1-" in again["inner"].notes[0]
    add(lake, "left", rows(tmp_path, 3, 5, (200.0, -30.0), rng))
    assert views["where"](lake).write("where", **QUIET).done <= 2
    assert lake["where"].to_arrow().equals(views["where"](lake).to_arrow())


def test_a_selection_put_together_is_taken_over_by_its_parts(tmp_path):
    rng = np.random.default_rng(2)
    lake = Lake(tmp_path / "lake")
    add(lake, "left", rows(tmp_path, 0, 2000, None, rng), append=False)
    first = lake["left"].where("mag < 12").write("bright", **QUIET)
    assert len(lake["bright"].source.leaves) < first.done / 2
    add(lake, "left", rows(tmp_path, 1, 5, (200.0, -30.0), rng))
    assert lake["left"].where("mag < 12").write("bright", **QUIET).done <= 2
    assert lake["bright"].to_arrow().equals(lake["left"].where("mag < 12").to_arrow())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda lake: lake["left"].where("mag < 15"), lambda lake: lake["left"].where("mag < 15.1")),
        (lambda lake: lake["left"].columns("mag"), lambda lake: lake["left"].columns("object_id")),
        (
            lambda lake: lake["left"].crossmatch(lake["left"], radius_arcsec=1.0),
            lambda lake: lake["left"].crossmatch(lake["left"], radius_arcsec=2.0),
        ),
        (
            lambda lake: lake["left"].join(lake["left"].where("mag < 15")),
            lambda lake: lake["left"].join(lake["left"].where("mag < 15"), how="inner"),
        ),
    ],
)
def test_another_step_is_another_task(tmp_path, one, other):
    lake = Lake(tmp_path / "lake")
    add(lake, "left", rows(tmp_path, 0, 300, None, np.random.default_rng(3)), append=False)
    one(lake).write("result", **QUIET)
    record = other(lake).write("result", replace=True, **QUIET)
    assert record.skipped == 0
    assert record.done == len(lake["left"].source.leaves)


@pytest.mark.parametrize(
    "pipeline",
    [
        lambda lake: lake["left"].crossmatch(lake["right"], radius_arcsec=900.0, how="left"),
        lambda lake: lake["left"].join(lake["right"]),
        lambda lake: lake["left"].crossmatch(lake["left"].join(lake["right"]), radius_arcsec=900.0),
    ],
    ids=["crossmatch", "join", "crossmatch with a join"],
)
@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.append_column("bp", table["mag"]),
        lambda table: table.rename_columns({"mag": "g_mag"}),
        lambda table: table.rename_columns({"mag": "g_mag"}).append_column("g_text", table["object_id"]),
    ],
    ids=["more", "renamed", "both"],
)
def test_partitions_far_from_the_other_catalog_follow_its_columns(tmp_path, pipeline, change):
    rng = np.random.default_rng(4)
    lake = Lake(tmp_path / "lake")
    add(lake, "left", rows(tmp_path, 0, 600, None, rng), append=False)
    near = rows(tmp_path, 1, 20, (200.0, -50.0), rng)
    add(lake, "right", near, append=False)
    pipeline(lake).write("result", **QUIET)
    shutil.rmtree(tmp_path / "lake" / "right")
    pq.write_table(change(pq.read_table(near)), near)
    add(lake, "right", near, append=False)
    pipeline(lake).write("result", **QUIET)
    assert lake["result"].to_arrow().equals(pipeline(lake).to_arrow())
    assert len({str(leaf.schema()) for leaf in lake["result"].source.leaves}) == 1


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(0, 9), st.sampled_from([0.0, 0.5, 60.0, 5000.0, 400_000.0, 700_000.0]))
def test_ranges_around_each_pixel_hold_those_around_it(seed, order, reach):
    rng = np.random.default_rng(seed)
    pixels = [Pixel(order, int(number)) for number in rng.integers(0, 12 << 2 * order, 4)] + [Pixel(2, 7)]
    for pixel, wide in zip(pixels, ranges_around_each(Pixels.of(pixels), reach), strict=True):
        for first, behind in ranges_around_pixels(Pixels.of([pixel]), reach):
            assert any(low <= pixel.span[0] and pixel.span[1] <= high for low, high in united(wide))
            if reach > 0:
                lon, lat = np.radians(_inside(first, behind, rng))
                near = _separation(lon, lat, *np.radians(_inside(*pixel.span, rng))).min(axis=1) <= reach
                index = spatial_index(np.degrees(lon), np.degrees(lat))
                assert all(any(low <= each < high for low, high in wide) for each in index[near])


def _inside(first, behind, rng, n=200):
    index = rng.integers(first, behind, n)
    lon, lat = healpix_to_lonlat(index.astype(np.uint64), 29)
    return np.asarray(lon.deg), np.asarray(lat.deg)


def _separation(lon, lat, other_lon, other_lat):
    cosine = np.sin(lat)[:, None] * np.sin(other_lat) + np.cos(lat)[:, None] * np.cos(other_lat) * np.cos(
        lon[:, None] - other_lon
    )
    return np.degrees(np.arccos(np.clip(cosine, -1, 1))) * 3600

"""The API against the tables that the lake holds: rows, counts, orders, pages, light curves, files."""

from __future__ import annotations

import io
import os

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from candidates import stars
from pydantic import TypeAdapter
from skies import put

from lcscale.browse import labelling, tables
from lcscale.browse import stars as stars_of
from lcscale.browse.database import Database
from lcscale.lake import Cone, Lake
from lcscale.lightcurves import LightCurves
from lcscale.periods import FrequencyGrid, lomb_scargle

C = {"catalog": "variable_candidates"}


@pytest.fixture(scope="module")
def frame(browse_lake):
    return browse_lake["variable_candidates"].to_pandas()


def rows(served, **params):
    answer = served.get("api/rows", **C, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_rows_are_those_of_the_catalog(served, frame):
    found = rows(served, limit=1000)
    assert found["count"] == len(frame)
    assert [row["object_id"] for row in found["rows"]] == frame["object_id"].tolist()
    np.testing.assert_allclose([row["amplitude"] for row in found["rows"]], frame["amplitude"].to_numpy(float))


@pytest.mark.parametrize("column", ["amplitude", "object_id", "class", "n_observations", "period"])
@pytest.mark.parametrize("descending", [False, True])
def test_sorted_rows_come_as_pandas_sorts_them(served, frame, column, descending):
    found = [row[column] for row in rows(served, sort=column, descending=descending, limit=1000)["rows"]]
    values = frame[column].dropna().tolist()
    values = [value for value in values if value == value]
    assert (
        found[: len(values)] == pytest.approx(sorted(values, reverse=descending))
        if column
        not in (
            "object_id",
            "class",
        )
        else found[: len(values)] == sorted(values, reverse=descending)
    )
    assert found[len(values) :] == [None] * (len(frame) - len(values))


def test_names_are_sorted_once_as_the_rows_are_copied(browse_lake, frame, tmp_path):
    database = Database(browse_lake["variable_candidates"], browse_lake, tmp_path)
    valid, *order = np.load(database.order_path("object_id"))
    assert valid == len(frame)
    assert frame["object_id"].to_numpy()[order].tolist() == sorted(frame["object_id"])


def test_a_condition_keeps_the_rows_that_it_keeps_in_the_lake(served, browse_lake):
    text = "period between 0.2 and 2 and not (class in ('EA', 'RRab')) or amplitude ** 2 > 0.5"
    kept = browse_lake["variable_candidates"].where(text).to_pandas()["object_id"].tolist()
    found = rows(served, where=text, limit=1000)
    assert 0 < found["count"] == len(kept)
    assert [row["object_id"] for row in found["rows"]] == kept


def test_counts_agree_with_the_rows_of_all_pages(served, frame):
    asked = {"where": ["amplitude > 0.3", "g_mag < 16.5"], "class": ["RRab", "EW"]}
    counts = served.get("api/counts", **C, **asked).json()
    seen = []
    while True:
        page = rows(served, sort="amplitude", limit=7, at=len(seen), **asked)
        if not page["rows"]:
            break
        seen += [row["object_id"] for row in page["rows"]]
    mine = frame[(frame.amplitude > 0.3) & (frame.g_mag < 16.5)]
    assert counts["count"] == page["count"] == len(seen) == len(set(seen)) == mine["class"].isin(["RRab", "EW"]).sum()
    assert {k: n for k, n in counts["classes"].items() if n} == mine["class"].value_counts().to_dict()


def test_pages_by_key_go_on_behind_a_row_that_is_no_longer_wanted(served):
    whole = rows(served, sort="amplitude", limit=1000)["rows"]
    some = rows(served, sort="amplitude", where="class = 'EW'", after=whole[40]["row"], limit=1000)["rows"]
    assert [row["row"] for row in some] == [row["row"] for row in whole[41:] if row["class"] == "EW"]


def test_a_cone_holds_the_rows_of_the_lakes_cone(served, browse_lake):
    inside = browse_lake["variable_candidates"].region(Cone(359.5, 20.0, 7200.0)).to_arrow().column("object_id")
    found = rows(served, cone="359.5,20.0,7200", limit=1000)
    assert found["count"] == len(inside) > 0
    assert {row["object_id"] for row in found["rows"]} == set(inside.to_pylist())


def test_arrow_says_the_same_as_json(served):
    asked = {"sort": "g_mag", "limit": 20, "columns": ["class", "g_mag"]}
    table = pa.ipc.open_stream(served.get("api/rows", **C, **asked, format="arrow").content).read_all()
    assert table.to_pylist() == rows(served, **asked)["rows"]


def test_many_objects_by_name_in_their_order(served, frame):
    ids = [*frame["object_id"][[5, 3, 9]], "nobody"]
    found = served.post("api/rows", json={"catalog": "variable_candidates", "ids": ids, "columns": ["period"]}).json()
    assert [row["object_id"] for row in found["rows"]] == ids[:3]
    assert found["missing"] == ["nobody"]


def test_made_columns_are_probability_of_the_class_and_entropy(served, frame):
    shares = frame[[name for name in frame.columns if name.startswith("prob_")]].to_numpy(float)
    found = rows(served, limit=1000)["rows"]
    classed = frame["class"].notna().to_numpy()
    got = np.array([row["probability"] for row in found], float)
    np.testing.assert_allclose(got[classed], shares.max(axis=1)[classed], rtol=1e-5)
    entropy = -(shares * np.log(np.maximum(shares, 1e-300))).sum(axis=1) / np.log(shares.shape[1])
    np.testing.assert_allclose([row["uncertainty"] for row in found], entropy, rtol=1e-4, atol=1e-6)


def test_best_first_is_probable_and_has_no_doubt(served, frame):
    found = rows(served, sort="best first", limit=1000)["rows"]
    assert "best first" in served.get("api/catalog", **C).json()["orders"]
    assert len({row["row"] for row in found}) == len(frame)
    n_sure = int((frame["class"].notna() & frame["doubt"].isna()).sum())
    sure, rest = found[:n_sure], found[n_sure:]
    assert not any(row["doubt"] for row in sure)
    assert all(row["doubt"] or row["class"] is None for row in rest)
    told = [row["probability"] for row in sure]
    assert told == sorted(told, reverse=True)
    assert rest[-1]["class"] is None


def test_next_to_judge_is_uncertain_and_of_every_class_in_turn(served):
    found = rows(served, sort="next to judge", limit=40)["rows"]
    every = rows(served, limit=1000)["rows"]
    assert {row["class"] for row in found[:20]} >= {"RRab", "EA", "EW", "LPV"}
    assert np.mean([row["uncertainty"] for row in found]) > np.mean([row["uncertainty"] for row in every])
    assert len({row["row"] for row in rows(served, sort="next to judge", limit=1000)["rows"]}) == len(every)


def test_histograms_and_densities_hold_every_row_within_their_limits(served, frame):
    found = served.get("api/histogram", **C, column="g_mag", bins=20, where="amplitude > 0.3").json()
    mine = frame["g_mag"][frame["amplitude"] > 0.3].to_numpy(float)
    np.testing.assert_array_equal(found["counts"], np.histogram(mine, np.array(found["edges"]))[0])
    dense = served.get("api/density", **C, x="bp_rp", y="g_mag", bins=10).json()
    inside = frame["bp_rp"].between(*dense["x"]) & frame["g_mag"].between(*dense["y"])
    assert abs(np.sum(dense["counts"]) - inside.sum()) <= 1  # single precision at the edge


def test_the_sky_counts_every_row(served, frame):
    assert sum(served.get("api/sky", **C).json()["rows"]) == len(frame)
    found = served.get("api/sky", **C, where="class = 'EA'").json()
    assert sum(found["rows"]) == (frame["class"] == "EA").sum()


def test_a_light_curve_is_that_of_the_lake(served, browse_lake, frame):
    table = browse_lake["stars"].to_arrow()
    name = frame["object_id"][11]
    mine = table.filter(pa.compute.equal(table.column("object_id"), name)).column("lightcurve")[0].as_py()
    found = served.get("api/light-curve", **C, object_id=name).json()
    np.testing.assert_array_equal(found["time"], mine["time"])
    np.testing.assert_allclose(found["mag"], mine["mag"], atol=1e-6)
    assert [found["bands"][code] for code in found["band"]] == mine["band"]
    assert all(found["used"])


def test_the_periodogram_has_the_highest_power_and_the_window_of_the_times(served, browse_lake):
    table = browse_lake["stars"].to_arrow()
    lcs = LightCurves.from_arrow(table.slice(4, 1))
    grid = FrequencyGrid.default(float(np.ptp(lcs.time)))
    power = lomb_scargle(lcs, grid)[0]
    found = served.get("api/periodogram", **C, row=4).json()
    assert max(found["power"]) == pytest.approx(power.max(), abs=1e-4)
    assert found["peaks"][0]["frequency"] == pytest.approx(grid.frequencies()[power.argmax()], abs=2 * grid.df)
    near = served.get("api/periodogram", **C, row=4, low=1.0, high=1.2).json()
    f = np.array(near["frequency"])
    assert f.min() >= 0.99
    assert f.max() <= 1.21
    window = np.abs(np.exp(2j * np.pi * np.outer(f, lcs.time)).mean(axis=1)) ** 2
    assert np.all(np.array(near["window"]) >= window - 1e-4)


ANSWERS = {
    "catalog": {},
    "changes": {},
    "counts": {},
    "density": {"x": "bp_rp", "y": "g_mag"},
    "histogram": {"column": "g_mag"},
    "labels": {"history": True},
    "lake": {},
    "light-curve": {"row": 4},
    "neighbours": {"row": 4},
    "network": {"row": 4, "class": "EW"},
    "periodogram": {"row": 4, "period": 0.5},
    "rows": {"limit": 3},
    "sky": {},
    "star": {"row": 4},
    "thumbnails": {"rows": "4,5"},
    "usual": {"class": "EW"},
}
"""What each address is asked for."""


@pytest.fixture(scope="module")
def routes():
    """Requests for JSON by method and address."""
    every = [route for each in (tables, stars_of, labelling) for route in each.router.routes]
    return {(method, route.path): route for route in every for method in route.methods if "export" not in route.path}


def test_answers_are_as_they_are_described(served, routes):
    label = {"object_id": served.get("api/rows", **C, limit=1).json()["rows"][0]["object_id"], "class_name": "RRab"}
    given = {
        "/api/renew": {"json": C},
        "/api/rows": {"json": {**C, "ids": [label["object_id"], "nobody"]}},
        "/api/labels/{name}": {"json": label},
        "/api/labels/{name}/undo": {"json": {}},
        "/api/labels/{name}/import": {"data": b"object_id,class\n9,EW\n"},
    }
    described = served.get("api/openapi.json").json()["paths"]
    for (method, path), route in sorted(routes.items(), reverse=True):  # POST comes first: there is a label then
        address = path.format(name="described").strip("/")
        if method == "GET":
            name = "labels" if path.endswith("{name}") else path.split("/")[-1]
            answer = served.get(address, **C, **ANSWERS[name])
        else:
            if path.endswith("/undo"):
                given[path]["json"] = {"label_id": served.post("api/labels/described", json=label).json()["label_id"]}
            answer = served.post(address, **given[path])
        assert answer.ok, answer.text
        TypeAdapter(route.response_model).validate_json(answer.content, strict=True)
        assert described[path][method.lower()]["responses"][str(answer.status_code)]["content"]["application/json"][
            "schema"
        ]


def test_prewhitening_takes_the_peak_away(served):
    before = served.get("api/periodogram", **C, row=4).json()
    period = before["peaks"][0]["period"]
    near = {"low": 1 / period - 2e-3, "high": 1 / period + 2e-3}
    after = served.get("api/periodogram", **C, row=4, prewhiten=period, **near).json()
    assert max(after["power"]) < 0.3 * before["peaks"][0]["power"]


def test_thumbnails_are_the_folded_light_curve(served):
    found = served.get("api/thumbnails", **C, rows="0,1,2").json()
    points = np.array(found["1"]["points"]).reshape(-1, 3)
    assert found["1"]["folded"]
    assert points.shape[0] > 20
    star = served.get("api/star", **C, row=1).json()
    curve = served.get("api/light-curve", **C, row=1).json()
    phase = ((np.sort(curve["time"]) - min(curve["time"])) / star["values"]["period"]) % 1
    if points.shape[0] == phase.size:
        np.testing.assert_allclose(points[:, 0], np.floor(phase * 256), atol=1)


@pytest.mark.parametrize("format", ["csv", "parquet", "votable"])
def test_files_hold_the_rows_in_their_order(served, frame, format):
    answer = served.get("api/export", **C, where="class = 'EW'", sort="g_mag", format=format)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    if format == "votable":
        from astropy.io.votable import parse_single_table

        names = [str(name) for name in parse_single_table(io.BytesIO(answer.content)).to_table()["object_id"]]
    else:
        read = pq.read_table if format == "parquet" else pa.csv.read_csv
        names = read(io.BytesIO(answer.content)).column("object_id").to_pylist()
    assert names == frame[frame["class"] == "EW"].sort_values("g_mag")["object_id"].tolist()


def test_a_light_curve_as_a_file(served):
    answer = served.get("api/light-curve/export", **C, row=3, format="csv")
    table = pa.csv.read_csv(io.BytesIO(answer.content))
    assert table.num_rows == len(served.get("api/light-curve", **C, row=3).json()["time"])
    many = served.get("api/light-curves/export", **C, where="class = 'EA'", format="parquet")
    assert len(set(pq.read_table(io.BytesIO(many.content)).column("object_id").to_pylist())) > 5


def test_neighbours_name_the_star_itself_in_both_catalogs(served):
    found = served.get("api/neighbours", **C, row=9).json()
    assert {each["catalog"] for each in found if each["separation_arcsec"] < 0.01} == {"stars", "variable_candidates"}


def test_what_is_usual_are_the_quantiles_of_the_class(served, frame):
    found = served.get("api/usual", **C, **{"class": "EW"}).json()["amplitude"]
    mine = frame["amplitude"][frame["class"] == "EW"].to_numpy(float)
    assert mine.min() <= found[0] <= found[1] <= found[2] <= mine.max()
    assert found[1] == pytest.approx(np.median(mine), rel=0.15)


def test_a_new_version_announces_itself_and_is_shown_when_asked(serve_lake, tmp_path):
    lake = Lake(tmp_path / "lake")
    _, candidates = stars(40)
    put(lake, "variable_candidates", candidates)
    served = serve_lake(lake)
    before = served.get("api/catalog", **C).json()
    assert before["current"] == before["version"]
    put(lake, "variable_candidates", candidates.slice(0, 30), plan="another")
    now = served.get("api/catalog", **C).json()
    assert now["version"] == before["version"] != now["current"]
    assert now["rows"] == 40
    renewed = served.post("api/renew", json=C).json()
    assert renewed["version"] == renewed["current"] == now["current"]
    assert renewed["rows"] == 30


def test_a_read_only_lake_can_be_looked_at(serve_lake, tmp_path):
    lake = Lake(tmp_path / "lake")
    curves, candidates = stars(20)
    put(lake, "stars", curves)
    put(lake, "variable_candidates", candidates)
    before = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "lake").rglob("*"))
    served = serve_lake(lake, cache=tmp_path / "cache")
    assert rows(served, sort="amplitude")["count"] == 20
    assert served.get("api/light-curve", **C, row=0).status_code == 200
    assert sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "lake").rglob("*")) == before
    assert os.listdir(tmp_path / "cache")

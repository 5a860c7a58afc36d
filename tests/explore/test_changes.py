"""The page of a difference: causes that add up, classes before and after, flips, and the surest new candidates."""

from __future__ import annotations

import re
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from skies import put, sky_table

from lcscale import cli
from lcscale.explore import write_difference
from lcscale.ingest import ingest
from lcscale.lake import Lake
from lcscale.refresh.difference import difference

N = 8


@pytest.fixture
def lake(tmp_path):
    """Two versions of candidates of stars that have light curves."""
    lake = Lake(tmp_path / "lake")
    stars = sky_table(400)
    put(lake, "stars", stars)
    counts = np.diff(stars["lightcurve"].combine_chunks().field(0).offsets.to_numpy())
    chosen = stars.take(pa.array(np.flatnonzero(counts > 20)[: N + 1])).select(["object_id", "ra", "dec"])

    def publish(rows, **columns):
        table = chosen.slice(0, rows)
        for name, values in columns.items():
            table = table.append_column(name, [values])
        pq.write_table(table, tmp_path / "c.parquet")
        ingest("table", tmp_path / "c.parquet", lake, "candidates", id="object_id", replace=True, progress=False)

    before = {"class": ["RRab"] * 5 + ["EW"] * 3, "prob_RRab": [0.9] * 5 + [0.2] * 3, "prob_EW": [0.1] * 5 + [0.8] * 3}
    publish(N, period=[0.5] * N, n_observations=[20] * N, **before)
    after = {"class": ["RRab"] * 3 + ["EW"] * 4 + [None, "EW"], "prob_RRab": [0.9, 0.8, 0.7] + [0.3] * 6}
    after["prob_EW"] = [0.1, 0.2, 0.3, 0.61, 0.97, 0.8, 0.8, None, 0.72]
    publish(N + 1, period=[0.5, 0.6] + [0.5] * 7, n_observations=[20, 20, 20, 25, 25, 20, 20, 20, 9], **after)
    return lake


def test_the_page(lake, tmp_path, monkeypatch, capsys):
    said = [
        "lcscale",
        "diff",
        "candidates",
        "--lake",
        str(tmp_path / "lake"),
        "--page",
        str(tmp_path / "out" / "d.html"),
    ]
    monkeypatch.setattr(sys, "argv", said)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    assert f"page: {tmp_path}/out/d.html" in capsys.readouterr().out
    text = (tmp_path / "out" / "d.html").read_text()
    rows = lake.table("candidates_diff").to_pylist()
    shares = [
        float(each)
        for each in re.findall(r'<td class="number"[^>]*>([\d.]+)</td></tr>', text.partition("Classes</h2>")[0])
    ]
    assert sum(shares[:-1]) == pytest.approx(100.0, abs=0.2)
    assert shares[-1] == 100.0
    flat = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    for line in ("RRab 5 3 -2", "EW 3 5 +2", "no class 0 1 +1", "RRab EW 2", "EW no class 1"):
        assert line in flat, line
    names = {row["object_id"]: row for row in rows if row["class_after"] == "EW" and row["class_before"] != "EW"}
    assert len(names) == 3
    surest = sorted(names.values(), key=lambda row: -row["probability_after"])
    assert [row["probability_after"] for row in surest] == pytest.approx([0.97, 0.72, 0.61])
    places = [re.search(rf'<td class="number"[^>]*>{row["object_id"]}</td>', text).start() for row in surest]
    assert places == sorted(places)
    assert text.count("P = 0.5 d</text>") == 3
    assert "RRab → EW   0.97" in text
    assert "no class → EW   0.72" in text


def test_a_catalog_without_classes(tmp_path):
    lake = Lake(tmp_path / "lake")
    for mag in (15.0, 16.0):
        table = pa.table({"object_id": ["a", "b"], "ra": [1.0, 2.0], "dec": [1.0, 2.0], "mag": [14.0, mag]})
        pq.write_table(table, tmp_path / "t.parquet")
        ingest("table", tmp_path / "t.parquet", lake, "t", id="object_id", replace=True, progress=False)
    text = write_difference(difference(lake, "t"), lake, tmp_path / "d.html").read_text()
    assert "Columns" in text
    assert "Flips" not in text

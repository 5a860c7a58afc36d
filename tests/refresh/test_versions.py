"""Versions tell why they are, and go when the file says so."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from growing import PIPELINE, add, survey

from lcscale import cli
from lcscale.errors import InputError
from lcscale.refresh import Pipeline
from lcscale.refresh.versions import versions_of

QUIET = {"engine": "serial", "progress": False}


def call(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["lcscale", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return int(stop.value.code or 0)


def test_a_version_tells_its_cause_and_what_it_shares(tmp_path):
    path = survey(tmp_path, 400)
    Pipeline.read(path).refresh(**QUIET)
    add(tmp_path, "left", 1, 3, np.random.default_rng(1))
    Pipeline.read(path).refresh(**QUIET)
    path.write_text(PIPELINE.replace("mag < 15", "mag < 14"))
    Pipeline.read(path).refresh(**QUIET)
    lake = Pipeline.read(path).lake
    first, second = versions_of(lake, "left")
    assert (first.cause, first.rows, first.shared) == ("the first", 400, 0)
    assert second.cause == "1 part of the release more"
    one, two = (lake.root / "left" / each.version for each in (first, second))
    linked = [leaf for leaf in two.glob("dataset/**/*.parquet") if _same_file(leaf, one / leaf.relative_to(two))]
    assert second.shared == sum(leaf.stat().st_size for leaf in linked if leaf.name.startswith("Npix"))
    assert 0 < second.shared < second.bytes
    causes = [each.cause for each in versions_of(lake, "bright")]
    assert causes == ["the first", f"left is {second.version}, was {first.version}", "other steps"]
    lake.use("left", first.version)
    assert versions_of(lake, "left")[-1].cause == "used again"
    with pytest.raises(InputError, match="no catalog 'nothing'"):
        versions_of(lake, "nothing")


def _same_file(one, other):
    return other.exists() and one.stat().st_ino == other.stat().st_ino


def test_what_the_file_does_not_keep_goes_and_what_is_needed_stays(tmp_path):
    path = survey(tmp_path, 60)
    for number, limit in enumerate((15, 14, 13, 12)):
        path.write_text("keep = 1\n" + PIPELINE.replace("mag < 15", f"mag < {limit}"))
        if number:
            add(tmp_path, "right", number, 2, np.random.default_rng(number))
        record = Pipeline.read(path).refresh(**QUIET)
    lake = Pipeline.read(path).lake
    assert len(lake.versions("bright")) == len(lake.versions("right")) == len(lake.versions("pairs")) == 2
    assert any(old.startswith("bright v1-") or old.startswith("bright v2-") for old in record.removed)
    assert [each.cause for each in versions_of(lake, "bright")][:2] == ["removed since"] * 2
    path.write_text("keep_days = 1\n" + PIPELINE.replace("mag < 15", "mag < 11"))
    assert Pipeline.read(path).refresh(**QUIET).removed == []
    path.write_text("keep = 0\n" + PIPELINE.replace("mag < 15", "mag < 11"))
    assert len(Pipeline.read(path).refresh(**QUIET).removed) > 2
    for name in ("pairs", "bright", "joined"):
        for told in lake[name].inputs:
            assert told.version in lake.versions(told.name)
    assert Pipeline.read(path).refresh(**QUIET).did_nothing


def test_the_commands(tmp_path, monkeypatch, capsys):
    path = survey(tmp_path, 30)
    assert call(monkeypatch, "refresh", path, "--dry-run") == 0
    out = capsys.readouterr().out
    assert "left: never made" in out
    assert "pairs: waiting: made after left, right" in out
    assert not (tmp_path / "lake").exists()
    assert call(monkeypatch, "refresh", path) == 0
    assert "6 done" in capsys.readouterr().out
    assert call(monkeypatch, "refresh", path, "--engine", "serial") == 0
    assert "nothing to do: 6 catalogs and tables are up to date" in capsys.readouterr().out
    assert call(monkeypatch, "pipeline", path) == 0
    assert "pairs <- crossmatch left, right\n    pairs: up to date v1-" in capsys.readouterr().out
    assert call(monkeypatch, "versions", "left", "--lake", tmp_path / "lake") == 0
    assert ": the first" in capsys.readouterr().out
    (tmp_path / "left" / "broken.parquet").write_bytes(b"PAR1 but no more")
    assert call(monkeypatch, "refresh", path) == 3
    assert "broken.parquet" in capsys.readouterr().err
    (tmp_path / "left" / "broken.parquet").unlink()
    (tmp_path / "left" / "0.parquet").rename(tmp_path / "away.parquet")
    add(tmp_path, "left", 1, 3, np.random.default_rng(1))
    assert call(monkeypatch, "refresh", path) == 1
    assert "--allow-removal" in capsys.readouterr().err
    path.write_text(PIPELINE.replace("select", "slect"))
    assert call(monkeypatch, "refresh", path) == 2
    assert capsys.readouterr().err.count("\n") == 1

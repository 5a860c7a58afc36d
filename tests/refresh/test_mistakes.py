"""A mistake in a pipeline's file is one line that points at the place, before anything is read or run."""

from __future__ import annotations

import pytest
from growing import PIPELINE, survey

from lcscale.errors import InputError
from lcscale.refresh import Pipeline

WRONG = {
    "a key": ("radius_arcsec", "radius_arsec", r"\[catalogs.pairs\] radius_arsec: .*did you mean radius_arcsec"),
    "a kind": ('select = "left"', 'selct = "left"', r"\[catalogs.bright\]: .*did you mean select"),
    "a number": ("900.0", '"900"', r"\[catalogs.pairs\] radius_arcsec: must be a number, not '900'"),
    "a limit": ("900.0", "-1.0", r"\[catalogs.pairs\]: .*radius_arcsec"),
    "a name": ('select = "left"', 'select = "lfet"', r"\[catalogs.bright\] select: .*'lfet'.*did you mean left"),
    "a circle": (
        'select = "left"',
        'select = "joined"',
        r"a circle: .*joined is made from bright",
    ),
    "itself": ('select = "left"', 'select = "bright"', r"\[catalogs.bright\]: a circle: bright is made from bright"),
    "an option": ('ingest = "table"', 'ingest = "table"\nrra = "x"', r"\[catalogs.left\]: .*rra"),
    "a survey": ('ingest = "table"', 'ingest = "tabel"', r"\[catalogs.left\]: unknown survey 'tabel'"),
    "a condition": ("mag < 15", "mag <", r"\[catalogs.bright\]: .*mag <"),
    "needed": ('files = ["left/*.parquet"]\n', "", r"\[catalogs.left\]: ingest needs files"),
    "two writers": ("[tables.counts]", "[tables.left]", r"\[tables.left\]: two writers of one name: .*catalogs.left"),
    "twice": ("[catalogs.right]", "[catalogs.left]", r"pipeline.toml: .*two writers of one name"),
    "the file": (
        'lake = "lake"',
        'lake = "lake"\nlaek = 1',
        r"pipeline.toml:\d+: laek: no such key .*did you mean lake",
    ),
    "no lake": ('lake = "lake"', "", r"pipeline.toml: no lake"),
    "no TOML": ("[catalogs.pairs]", "[catalogs.pairs", r"pipeline.toml: .*at line"),
    "a grouping": ('"year", [', '"yaer", [', r"\[tables.counts\] by: must be one of year"),
    "a definition": ("labels = [", "labls = [", r"\[tables.counts\] definitions: must be a table of names"),
    "a table as a catalog": ('select = "left"', 'select = "counts"', r"bright\] select: counts is a table"),
    "retention": ("partition_rows = 60", "keep = -1", r"\[catalogs.left\] keep: must be a whole number"),
    "a condition in a definition": (
        'right = "right", own',
        'right = { catalog = "right", where = "mag <" }, own',
        r"\[tables.counts\]: .*mag <",
    ),
    "a bad name": ("[catalogs.pairs]", '[catalogs."../x"]', r"cannot be a name in a lake"),
}


LINES = {
    "a key": "radius_arsec",
    "a kind": "[catalogs.bright]",
    "a number": "radius_arcsec",
    "a name": "select",
    "needed": "[catalogs.left]",
    "two writers": "[tables.left]",
    "the file": "laek",
    "a grouping": "by =",
    "a definition": "definitions",
    "a table as a catalog": "select",
    "retention": "keep",
    "a bad name": '[catalogs."../x"]',
}
"""How the line begins on which each mistake is."""


@pytest.mark.parametrize("mistake", WRONG)
def test_one_line_that_points_at_the_place(tmp_path, mistake):
    right, wrong, told = WRONG[mistake]
    path = survey(tmp_path, 5)
    assert right in PIPELINE
    path.write_text(PIPELINE.replace(right, wrong, 1))
    with pytest.raises(InputError, match=told) as raised:
        Pipeline.read(path)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)
    if mistake in LINES:  # the line on which the word stands
        lines = path.read_text().splitlines()
        number = next(k for k, line in enumerate(lines, 1) if line.startswith(LINES[mistake]))
        assert str(raised.value).startswith(f"{path}:{number}: ")
    assert not (tmp_path / "lake").exists()


def test_a_file_that_is_not_there(tmp_path):
    for path, told in ((tmp_path / "no.toml", "no pipeline at"), (tmp_path, "is a folder")):
        with pytest.raises(InputError, match=told):
            Pipeline.read(path)


def test_a_column_that_is_not_there_is_told_with_the_place(tmp_path):
    path = survey(tmp_path, 20)
    path.write_text(PIPELINE.replace("mag < 15", "magg < 15"))
    record = Pipeline.read(path).refresh(engine="serial", progress=False)
    told = {step.name: step for step in record.steps}
    assert told["bright"].outcome == "failed"
    assert f"{path}:19: [catalogs.bright]: " in told["bright"].text
    assert "magg" in told["bright"].text
    assert told["joined"].outcome == "kept back"
    assert told["pairs"].outcome == "done"
    assert record.exit_status == 1

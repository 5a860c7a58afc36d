"""Epochs that only the rows tell: a crossmatch asks them when it runs, not when it is described."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from skies import put, sky_table

from lcscale.crossmatch import ProperMotion
from lcscale.errors import InputError
from lcscale.lake.leaf import Leaf


@pytest.fixture
def still(lake):
    """A catalog that says nothing of its epoch."""
    return put(lake, "still", sky_table(300, 1, lightcurves=False), order=1)


def moving(lake, name, epoch, order=2):
    """The stars of `still`, which move by half an arcsecond a year, with `epoch` (NaN: null) in their rows."""
    rows = sky_table(300, 1, lightcurves=False)
    epochs = pa.array(np.broadcast_to(np.asarray(epoch, float), (300,)).copy(), from_pandas=True)
    added = {"pmra": pa.array(np.full(300, 500.0)), "pmdec": pa.array(np.zeros(300)), "ref_epoch": epochs}
    for column, values in added.items():
        rows = rows.append_column(column, values)
    return put(lake, name, rows, order)


def test_a_crossmatch_reads_nothing_before_it_runs(lake, still, monkeypatch):
    gaia, later = moving(lake, "gaia", 2016.0, order=1), moving(lake, "later", 2020.0, order=0)
    read = []
    batches = Leaf.batches
    monkeypatch.setattr(Leaf, "batches", lambda leaf, *given: read.append(leaf.path) or batches(leaf, *given))
    first = gaia.crossmatch(still, left_motion=ProperMotion(), epoch=2000.0, radius_arcsec=9.0)
    second = still.crossmatch(gaia, right_motion=ProperMotion(), epoch=2000.0, radius_arcsec=9.0)
    both = gaia.crossmatch(later, left_motion=ProperMotion(), right_motion=ProperMotion(), radius_arcsec=9.0)
    for catalog in (first, second, both):
        assert catalog.columns("object_id", "separation_arcsec").schema.names
        assert "ref_epoch of" in repr(catalog)
    assert read == []
    assert both.to_arrow().num_rows == 300
    assert len(read) > 0


@pytest.mark.parametrize("mutual", [False, True])
def test_the_epochs_of_the_rows_are_those_that_were_told(lake, still, mutual):
    gaia, later = moving(lake, "gaia", 2016.0, order=1), moving(lake, "later", 2020.0, order=0)
    options = {"radius_arcsec": 30.0, "mutual": mutual}
    told, unsaid = ProperMotion(2016.0), ProperMotion()
    pairs = [
        (gaia, still, {"left_motion": unsaid, "epoch": 2000.0}, {"left_motion": told, "epoch": 2000.0}),
        (still, gaia, {"right_motion": unsaid, "epoch": 2000.0}, {"right_motion": told, "epoch": 2000.0}),
        (gaia, later, {"left_motion": unsaid}, {"left_motion": told, "epoch": 2020.0}),
        (
            gaia.columns("pmra", "pmdec"),
            later.columns("pmra", "pmdec"),
            {"left_motion": unsaid, "right_motion": unsaid},
            {"left_motion": told, "right_motion": ProperMotion(2020.0), "epoch": 2020.0},
        ),
    ]
    for left, right, asked, given in pairs:
        found, expected = (left.crossmatch(right, **options, **motion) for motion in (asked, given))
        assert found.to_arrow().equals(expected.to_arrow())
        assert found.to_dask().separation_arcsec.sum().compute() == pytest.approx(
            float(np.sum(expected.to_arrow()["separation_arcsec"].to_numpy()))
        )
        assert found.write("found", replace=True).rows == 300


def test_rows_of_several_epochs_around_a_partition_are_refused_when_it_runs(lake, still):
    mixed = moving(lake, "mixed", np.where(np.arange(300) % 2, 2015.5, 2016.0), order=0)
    with pytest.raises(InputError, match="column 'ref_epoch' of mixed holds 2015.5 and 2016; split the catalog"):
        still.crossmatch(mixed, right_motion=ProperMotion(), epoch=2000.0, radius_arcsec=9.0).to_arrow()
    with pytest.raises(InputError, match="column 'ref_epoch' of mixed holds 2015.5 and 2016; split the catalog"):
        mixed.crossmatch(still, left_motion=ProperMotion(), epoch=2000.0, radius_arcsec=9.0).to_arrow()


def test_rows_that_tell_no_epoch_are_refused_when_it_runs(lake, still):
    unknown = moving(lake, "unknown", np.nan, order=0)
    with pytest.raises(InputError, match="unknown does not tell the epoch"):
        unknown.crossmatch(still, left_motion=ProperMotion(), epoch=2000.0, radius_arcsec=9.0).to_arrow()
    with pytest.raises(InputError, match=r"needs epoch.*unknown does not tell"):
        moving(lake, "gaia", 2016.0).crossmatch(unknown, left_motion=ProperMotion()).to_arrow()

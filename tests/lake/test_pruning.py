"""Pruning: what was to be kept is there, what was removed comes back by the same command, whole."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from skies import put, sky_table

from lcscale.lake import Lake, history


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(older=st.integers(0, 5), keep=st.integers(0, 8))
def test_the_last_of_the_older_versions_are_kept(tmp_path_factory, older, keep):
    lake = Lake(tmp_path_factory.mktemp("lake"))
    table = sky_table(3, lightcurves=False)
    for number in range(older + 1):
        put(lake, "sky", table, order=0, plan=str(number))
    versions = lake.versions("sky")
    removed = lake.prune("sky", keep=keep)
    assert removed == versions[: max(0, older - keep)]
    assert lake.versions("sky") == versions[len(removed) :]
    assert lake.current("sky") == versions[-1]
    assert lake["sky"].to_arrow().num_rows == 3


def test_a_prune_that_was_killed_leaves_no_half_version_to_be_published(lake, sky, monkeypatch):
    """The plan of a removed version finds nothing of it, and the next prune sweeps what is left."""
    first = sky.columns("object_id").write("result")
    sky.columns("mean_mag").write("result")

    def killed(folder):
        shutil.rmtree(next(iter(folder.glob("dataset/Norder=*/Dir=*"))).path)
        raise KeyboardInterrupt

    monkeypatch.setattr(history, "remove_folder", killed)
    with pytest.raises(KeyboardInterrupt):
        lake.prune("result", keep=0)
    monkeypatch.undo()
    assert first.version not in lake.versions("result")
    again = sky.columns("object_id").write("result")
    assert (again.published, again.rows) == (True, 2000)
    assert lake["result"].to_arrow().equals(sky.columns("object_id").to_arrow())
    lake.prune("result", keep=0)
    assert [child.name for child in (lake.root / "result").iterdir() if child.is_dir()] == [lake.current("result")]

"""The simulated release: readable by the adapters, consistent in itself, the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lcscale import surveys
from lcscale.simulation.synthesis import synthesize
from lcscale.surveys.simulated import BANDS


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return surveys.write_release(tmp_path_factory.mktemp("sim"), n=200, seed=5)


def rows(name, path, **options):
    survey = surveys.get(name, **options)
    problems = []
    tables = [batch for part in survey.parts([path], problems) for batch in survey.batches(part, problems)]
    assert problems == []
    return [row for table in tables for row in table.to_pylist()]


def test_light_curves_are_those_synthesized(release):
    found = rows("simulated", release.survey)
    labels = {row["object_id"]: row["label"] for row in found}
    assert len(labels) == 200
    names = sorted(labels)
    made = synthesize([labels[name] for name in names], 5, bands=BANDS, n_observations=(40, 180), baseline_days=1200.0)
    for i in (0, 77, 199):
        pieces = [row["lightcurve"] for row in found if row["object_id"] == names[i]]
        times = np.sort(np.concatenate([piece["time"] for piece in pieces]))
        lcs = made.lcs
        np.testing.assert_allclose(times, lcs.time[lcs.offsets[i] : lcs.offsets[i + 1]], atol=1e-6)


def test_the_same_arguments_write_the_same_bytes(release, tmp_path):
    again = surveys.write_release(tmp_path, n=200, seed=5)
    for one, other in zip(vars(release).values(), vars(again).values(), strict=True):
        if one.endswith(".csv"):
            assert Path(one).read_bytes() == Path(other).read_bytes()


def test_it_is_written_once_and_anew_for_other_arguments(tmp_path):
    first = surveys.write_release(tmp_path, n=50, seed=1)
    before = Path(first.reference).stat().st_mtime_ns
    assert surveys.write_release(tmp_path, n=50, seed=1) == first
    assert Path(first.reference).stat().st_mtime_ns == before
    surveys.write_release(tmp_path, n=60, seed=1)
    assert len({row["object_id"] for row in rows("simulated", first.survey)}) == 60


def test_reference_holds_most_stars_moved_to_2016(release):
    stars = {row["object_id"]: (row["ra"], row["dec"]) for row in rows("simulated", release.survey)}
    reference = rows("table", release.reference, id="source_id")
    ra, dec, pmra, pmdec = (np.array([row[name] for row in reference]) for name in ("ra", "dec", "pmra", "pmdec"))
    moved_dec = dec + 4 * pmdec / 3.6e6
    moved_ra = ra + 4 * pmra / 3.6e6 / np.cos(np.radians(dec))
    near = 0
    for star_ra, star_dec in stars.values():
        away = np.hypot((moved_ra - star_ra) * np.cos(np.radians(star_dec)), moved_dec - star_dec) * 3600
        near += away.min() < 0.3
    assert 180 <= near <= 198  # 95 %, less what lies beyond 6 sigma


def test_alerts_and_young_stars(release):
    alerts = rows("gaia_alerts", release.alerts)
    assert len({row["object_id"] for row in alerts}) == len(alerts) > 20
    assert {row["Date"].year for row in alerts} == {2019, 2020, 2021, 2022, 2023}
    young = rows("table", release.yso, id="name")
    labels = {(row["ra"], row["dec"]): row["label"] for row in rows("simulated", release.survey)}
    assert young
    assert {labels[row["ra"], row["dec"]] for row in young} == {"YSO"}

"""The pass over candidates against pandas, and labels against classes by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pipelines import hasty_model
from skies import put, sky_table

from lcscale.explore.tally import LOG_PERIOD_EDGES, PROBABILITY_EDGES, RANKED, agrees, tally
from lcscale.lake import HEALPIX_COLUMN
from lcscale.models import Split, load
from lcscale.models.labels.splitting import TEST, assign

CLASSES = ("RRab", "RRc", "EA")
N = 3000


@pytest.fixture
def candidates(lake):
    rng = np.random.default_rng(5)
    made = sky_table(N, lightcurves=False)
    probability = rng.dirichlet([0.4] * 3, N).astype(np.float32)
    unknown = rng.random(N) < 0.1
    given = np.array(CLASSES, dtype=object)[probability.argmax(axis=1)]
    made = made.append_column("class", pa.array(given, mask=unknown))
    for k, name in enumerate(CLASSES):
        made = made.append_column(f"prob_{name}", pa.array(probability[:, k], mask=unknown))
    made = made.append_column("period", pa.array(10 ** rng.uniform(-1, 2, N), mask=unknown))
    reasons = np.where(
        rng.random(N) < 0.5, "7 of 12 observations usable, 10 needed", "3 observations usable, 10 needed"
    )
    made = made.append_column("reason", pa.array(reasons, mask=~unknown))
    made = made.append_column("label", pa.array(rng.choice(["RRab", "Blazhko", "beta_lyrae", "RR", "?"], N)))
    made = made.append_column("model_id", pa.array(["m"] * N))
    made = made.append_column("trained_on", pa.array(["real"] * N))
    return put(lake, "candidates", made, order=1)


def test_candidates_with_a_doubt_come_last(lake, candidates):
    table = candidates.to_arrow()
    doubt = pa.array(["alias" if number % 2 else None for number in range(N)], pa.string())
    found = tally(put(lake, "doubted", table.append_column("doubt", doubt), order=1))
    frame = table.to_pandas()
    for name in CLASSES:
        assert all(row["doubt"] is None for row in found.ranked[name])
        sure = frame[(frame["class"] == name) & (np.arange(N) % 2 == 0)][f"prob_{name}"].to_numpy(np.float64)
        told = [row["probability"] for row in found.ranked[name]]
        assert np.round(told, 3).tolist() == sorted(sure.round(3), reverse=True)[:RANKED]


def test_counts_are_those_of_pandas(candidates):
    found = tally(candidates)
    frame = candidates.to_arrow().to_pandas()
    best = frame[[f"prob_{name}" for name in CLASSES]].max(axis=1)
    assert (found.rows, found.classified) == (N, int(frame["class"].notna().sum()))
    assert dict(found.given) == frame["class"].value_counts().to_dict()
    assert dict(found.above[0.9]) == frame["class"][best >= 0.9].value_counts().to_dict()
    assert dict(found.reasons) == {"fewer than 10 usable observations": int(frame["class"].isna().sum())}
    assert dict(found.models) == {("m", "real"): N}
    for name in CLASSES:
        chosen = frame[frame["class"] == name]
        told = [row["probability"] for row in found.ranked[name]]
        largest = chosen[f"prob_{name}"].to_numpy(np.float64).round(3)
        assert np.round(told, 3).tolist() == sorted(largest, reverse=True)[:RANKED]  # ties: observed most often first
        expected = np.histogram(np.log10(chosen["period"]), LOG_PERIOD_EDGES)[0]
        assert found.periods[name].tolist() == expected.tolist()


def test_labels_are_compared_in_the_words_of_the_taxonomy(candidates):
    found = tally(candidates)
    frame = candidates.to_arrow().to_pandas().dropna(subset="class")
    words = {"RRab": "RRab", "Blazhko": "RRab", "beta_lyrae": "EB", "RR": "RR", "?": None}
    truth = frame["label"].map(words)
    expected = pd.DataFrame({"truth": truth, "given": frame["class"]}).dropna().value_counts().to_dict()
    assert "RR" in words.values()
    assert dict(found.confusion) | {("RR", c): 0 for c in CLASSES} == expected | {("RR", c): 0 for c in CLASSES}
    assert found.unknown_labels["?"] == int((frame["label"] == "?").sum())


def test_probabilities_are_compared_with_labels_in_bins(candidates):
    frame = candidates.to_arrow().to_pandas().dropna(subset="class")
    frame = frame[frame["label"].isin(["RRab", "RR"])]
    best = frame[[f"prob_{name}" for name in CLASSES]].max(axis=1).to_numpy(np.float64)
    right = (frame["class"] == "RRab") | ((frame["label"] == "RR") & (frame["class"] == "RRc"))
    of_rr = tally(candidates.where("label in ('RRab', 'RR')")).calibration
    for k, (low, high) in enumerate(itertools.pairwise(PROBABILITY_EDGES)):
        inside = (best >= low) & (best < high)
        expected = [inside.sum(), best[inside].sum(), (right & inside).sum()]
        np.testing.assert_allclose(of_rr[k], expected, rtol=1e-6)


def test_only_sky_the_model_has_not_seen_is_compared(candidates, tmp_path):
    from dataclasses import replace

    card = load(hasty_model(tmp_path / "hasty")).card
    split = Split(validation=0.1, test=0.3, order=2)
    trained = replace(card, trained_on="real", data={"split": vars(split)})
    frame = candidates.to_arrow().to_pandas()
    unseen = assign(frame[HEALPIX_COLUMN].to_numpy(), split) == TEST
    known = frame["label"].isin(["RRab", "Blazhko", "beta_lyrae"]) & frame["class"].notna()
    found = tally(candidates, trained)
    assert (
        0
        < sum(n for (truth, _), n in found.confusion.items() if truth in ("RRab", "EB"))
        == int((known & unseen).sum())
    )
    assert sum(tally(candidates, card).confusion.values()) > sum(found.confusion.values())


def test_what_agrees():
    assert agrees("RRab", "RRab")
    assert agrees("RR", "RRc")
    assert not agrees("RRc", "RR")
    assert not agrees("EA", "EB")
    assert agrees("theirs", "theirs")

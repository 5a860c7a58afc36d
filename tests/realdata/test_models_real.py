"""Networks trained on real labelled light curves, judged on sky that they have not seen.

Cite: CRTS (Drake et al. 2014). The periods are found from the light curves, never taken from the catalogue.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lcscale.lightcurves import LightCurves
from lcscale.models import LabelledCurves, TrainingOptions, train
from lcscale.periods import find

pytestmark = pytest.mark.realdata


def crts_north(folder, n: int | None = None) -> LabelledCurves:
    """Stars of CRTS North with their class and our period; with `n`, an even sample of about that many."""
    objects = pd.read_csv(folder / "crts_north" / "objects.csv").sort_values("id")
    if n is not None:
        objects = objects.iloc[:: len(objects) // n]
    points = pd.read_parquet(folder / "crts_north" / "photometry.parquet", filters=[("id", "in", objects.id.tolist())])
    points = points.sort_values(["id", "mjd"], kind="stable")
    counts = points.groupby("id").size().loc[objects.id]
    offsets = np.concatenate([[0], np.cumsum(counts)])
    lcs = LightCurves(points.mjd, points.mag, points.magerr, offsets, None, ("V",))
    from hats.pixel_math.spatial_index import compute_spatial_index

    place = np.asarray(compute_spatial_index(objects.ra.to_numpy(), objects.dec.to_numpy()))
    period = find(lcs)["period"].to_numpy(zero_copy_only=False).astype(np.float64)
    return LabelledCurves(lcs, period, objects.cls.to_numpy(object), place, ("V",))


def test_a_tenth_of_crts_north_is_enough_to_learn_the_common_classes(real_data, tmp_path):
    stars = crts_north(real_data, 500)
    options = TrainingOptions(epochs=20, learning_rate=5e-3)
    model = train(stars, tmp_path / "crts", trained_on="real", survey="crts", options=options)
    figures = model.card.metrics
    assert model.card.data["left_out"]["unknown labels"] == []
    assert figures["accuracy"] > 0.6, "chance is 0.19"
    repeated = model.predict_proba(stars.lcs, stars.period)
    sums = repeated.sum(axis=1)
    np.testing.assert_allclose(sums[np.isfinite(sums)], 1.0, atol=1e-5)


@pytest.mark.slow
def test_crts_north_reaches_the_published_accuracy(real_data, tmp_path):
    model = train(crts_north(real_data), tmp_path / "crts", trained_on="real", survey="crts")
    figures = model.card.metrics
    assert figures["accuracy"] >= 0.80
    assert figures["macro_f1"] >= 0.65
    assert figures["ece"] <= 0.03
    assert len(figures["macro_f1_over"]) == 11, "classes with 50 stars or more"

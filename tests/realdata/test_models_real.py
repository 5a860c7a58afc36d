"""Networks trained on real labelled light curves, judged on sky that they have not seen.

Cite: CRTS (Drake et al. 2014); ZTF (Bellm et al. 2019) and its young stars (Hillenbrand et al. 2022). The periods are
found from the light curves, never taken from the catalogue.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from lcscale import Lake, cli
from lcscale.ingest import ingest
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


@pytest.mark.slow
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


PROTOTYPES = {"RRlyr_ab": "RRab", "DeltaScuti": "DSCT", "HADS": "DSCT", "MSMS_EA": "EA", "BetaLyr": "EB"}


def some_of_ztf(real_data, folder, lake) -> None:
    """A few stars of each of the three real sets, ingested."""
    young = pd.read_parquet(real_data / "ztf_yso" / "photometry.parquet")
    few = np.sort(young.name.unique())[::50]
    young[young.name.isin(few)].to_parquet(folder / "young.parquet")
    ingest("ztf", folder / "young.parquet", lake, "ztf_yso", progress=False)
    pairs = pd.read_parquet(real_data / "ztf_gaia_binaries" / "ztf_dr_lc.parquet")
    objects = pd.read_csv(real_data / "ztf_gaia_binaries" / "objects.csv")
    eclipsing = np.sort(objects.nick[objects.has_ztf & (objects.type == "EA")])[::4]
    pairs[pairs.nick.isin(eclipsing)].to_parquet(folder / "pairs.parquet")
    ingest("ztf", folder / "pairs.parquet", lake, "ztf_gaia_binaries", progress=False)
    points = pd.read_csv(real_data / "ztf_prototypes" / "photometry.csv.gz")
    points = points[points.cls.isin(PROTOTYPES)].assign(mag=-points.dmag)  # dmag grows with brightness
    points.to_parquet(folder / "prototypes.parquet")
    places = pd.DataFrame({"cls": list(PROTOTYPES), "ra": 14.0 * np.arange(len(PROTOTYPES)), "dec": 0.0})
    places.assign(label=places.cls).to_csv(folder / "prototypes.csv", index=False)
    columns = {"id": "cls", "time": "hjd", "mag_err": "magerr", "band": "band", "bands": ("g", "r", "i")}
    ingest(
        "lightcurves",
        folder / "prototypes.parquet",
        lake,
        "ztf_prototypes",
        progress=False,
        objects=str(folder / "prototypes.csv"),
        label="label",
        time_offset=-2_400_000.5,
        **columns,
    )


def test_real_ztf_stars_are_classified_by_the_network_for_g_and_r(real_data, tmp_path, monkeypatch):
    """That the way from release files to classes holds; it was taught most of these stars, its card has the figures."""
    lake = Lake(tmp_path / "lake")
    some_of_ztf(real_data, tmp_path, lake)
    right = {}
    for name, truth in (("ztf_yso", "YSO"), ("ztf_gaia_binaries", "EA"), ("ztf_prototypes", None)):
        arguments = ["classify", name, "--lake", lake.root, "--name", f"{name}_classes", "--model", "ztf"]
        monkeypatch.setattr(sys, "argv", ["lcscale", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert not stop.value.code
        found = lake[f"{name}_classes"].to_arrow().to_pylist()
        assert {row["trained_on"] for row in found} == {"mixed"}
        classified = [row for row in found if row["class"] is not None]
        assert all((row["class"] is None) == ("needed" in (row["reason"] or "")) for row in found)
        assert len(classified) >= 0.8 * len(found)
        wanted = [truth or PROTOTYPES[row["label"]] for row in classified]
        right[name] = np.mean([row["class"] == label for row, label in zip(classified, wanted, strict=True)])
    assert right["ztf_yso"] >= 0.8
    assert right["ztf_gaia_binaries"] >= 0.8
    assert right["ztf_prototypes"] >= 0.8

"""[Fe/H] of real RR Lyrae stars, from raw Gaia epochs with our own periods and Fourier parameters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from lcscale.lightcurves import LightCurves
from lcscale.periods import Search
from lcscale.products.rrlyrae import Choice, Distances, Metallicities, RRLyraeModel
from lcscale.products.rrlyrae.training import Calibrators

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def measured(real_data):
    """The 225 stars with raw epochs and a value of the INAF group, which nothing here was trained on."""
    theirs = pc.read_csv(real_data / "rrlyrae_metallicity" / "gaia_dr3_inaf_feh.csv").to_pandas()
    epochs = pq.read_table(real_data / "gaia_dr3_epochs" / "photometry_G.parquet").to_pandas()
    epochs = epochs[epochs.source_id.isin(theirs.source_id)].sort_values(["source_id", "time"])
    ids, first = np.unique(epochs.source_id, return_index=True)
    offsets = np.r_[first, len(epochs)]
    lcs = LightCurves(*(epochs[name].to_numpy() for name in ("time", "mag", "mag_err")), offsets)
    nested = lcs.to_arrow()
    table = pa.table({"source_id": ids}).append_column(pa.field("lightcurve", nested.type), nested)
    choice = Choice(("inaf_rrab", "muraveva2025_rrc"))
    found = Metallicities(choice=choice)(Search(fmax=6.0)(table)).drop_columns("lightcurve").to_pandas()
    return found.merge(theirs, on="source_id")


def rms(values: pd.Series) -> float:
    return float(np.sqrt(np.mean(values**2)))


def test_the_relation_gives_the_values_of_others_again(measured):
    assert len(measured) == 225
    assert (measured["mode"] == "RRab").all()
    rest = measured.feh_relation - measured.feh_inaf
    print(f"n {len(rest)}, rmse {rms(rest):.4f}, median {rest.median():.4f}")
    assert rms(rest) <= 0.12
    assert abs(rest.median()) < 0.01


def test_stars_with_a_reason_are_those_that_disagree(measured):
    rest = measured.feh_relation - measured.feh_inaf
    named = measured.reason.notna()
    print(f"without a reason: n {(~named).sum()}, rmse {rms(rest[~named]):.4f}; with: {rms(rest[named]):.4f}")
    assert rms(rest[~named]) < 0.08 < rms(rest[named])


def test_what_was_learnt_on_folded_curves_holds_for_raw_epochs(measured):
    rest = {name: measured[name] - measured.feh_inaf for name in ("feh", "feh_regression", "feh_trees", "feh_network")}
    for name, each in rest.items():
        print(f"{name}: n {each.notna().sum()}, median {each.median():.3f}, scatter {(each - each.median()).std():.3f}")
        assert each.notna().all()
        assert (each - each.median()).std() < 0.17
    assert abs(rest["feh"].median()) < 0.05


def test_the_distance_of_the_large_magellanic_cloud(real_data):
    """Of the Cloud's catalogue only period, Fourier parameters and reddening are read."""
    names = ["source_id", "Type", "Period", "E(B-V)"]
    names += [f"{name}{end}" for name in ("A1", "A2", "A3", "Phi21", "Phi31") for end in ("", "_error")]
    stars = pd.read_csv(real_data / "gaia_lmc_rrlyrae" / "gaia_dr3.csv.gz", usecols=names).query("Type == 'RRab'")
    light = pq.read_table(
        real_data / "gaia_dr3_variables" / "gaia_dr3_rrlyrae.parquet", columns=["source_id", "g_mean"]
    )
    stars = stars.merge(light.to_pandas(), on="source_id").dropna()
    amplitudes, phases = ["A1", "A2", "A3"], ["Phi21", "Phi31"]
    groups = (amplitudes, [f"{x}_error" for x in amplitudes], phases, [f"{x}_error" for x in phases])
    known = Calibrators(
        stars.Period.to_numpy(), *(stars[names].to_numpy() for names in groups), np.full(len(stars), np.nan)
    )
    model = RRLyraeModel.load("gaia_g")
    line = model.card.scale["spectroscopic"]
    feh = model.regression.predict(known.period, known.parameters(model.populations["RRab"]))[0]
    feh = line["constant"] + line["slope"] * feh
    columns = {"feh": feh, "feh_error": np.full(len(feh), 0.25), "pulsation_period": known.period}
    table = pa.table({**columns, "mode": ["RRab"] * len(feh), "mean": stars.g_mean, "ebv": stars["E(B-V)"]})
    modulus = Distances(reddening="ebv")(table)["distance_modulus"].to_numpy()
    print(f"n {len(feh)}, [Fe/H] {feh.mean():.3f}, modulus {modulus.mean():.3f}, median {np.median(modulus):.3f}")
    assert len(feh) > 500
    assert abs(modulus.mean() - 18.48) < 0.05


def test_cepheids_of_the_small_cloud_by_relations_of_the_large_one(real_data):
    """Which has 18.98 by eclipsing binaries (Graczyk et al. 2020); the relations have no term in [Fe/H]."""
    pairs = pd.read_csv(real_data / "ogle_gaia_pairs" / "matches.csv.gz").query("angDist < 0.5").dropna(subset="bp_rp")
    for mode in ("F", "1O"):
        some = pairs[pairs["OGLE-ID"].str.contains("SMC-CEP") & (pairs.subType == mode)]
        wesenheit = some.phot_g_mean_mag - 1.90 * some.bp_rp
        table = pa.table({"w": wesenheit.to_numpy(), "p": some.Period.to_numpy()})
        found = Distances((f"lmc_cepheids_wg_{mode.lower()}",), "w", period="p")(table)["distance_modulus"].to_numpy()
        print(f"{mode}: n {len(found)}, modulus {np.median(found):.3f}")
        assert len(found) > 250
        assert abs(np.median(found) - 18.98) < 0.15


def test_intrinsic_colours_give_the_reddening_of_a_cluster(real_data):
    """NGC 6266, 0.47 by Harris; its reddening differs from place to place, and it is crowded."""
    stars = pd.read_csv(real_data / "rrlyrae_clusters" / "ngc6266_rrlyrae_gaia.csv").query("ruwe < 1.4")
    stars = stars[stars.oType.isin(["RRab", "RRc"])].dropna(subset=["bp_rp", "phot_g_mean_mag"])
    columns = {"feh": np.full(len(stars), -1.18), "feh_error": np.full(len(stars), 0.1)}
    columns |= {"pulsation_period": stars.o_Period, "mode": stars.oType, "mean": stars.phot_g_mean_mag}
    table = pa.table({**columns, "bp_rp": stars.bp_rp})
    found = Distances(colour="bp_rp")(table)
    reddening = np.median(found["extinction"].to_numpy()) / 2.74
    kpc = np.median(found["distance"].to_numpy())
    print(f"n {len(stars)}, E(B-V) {reddening:.3f}, {kpc:.2f} kpc")
    assert abs(reddening - 0.47) < 0.15

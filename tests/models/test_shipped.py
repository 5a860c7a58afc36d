import numpy as np
import pytest

from lcscale.models import Classify, load, read_card, shipped
from lcscale.models.keeping.registry import WEIGHTS, find_folder
from lcscale.simulation.synthesis import synthesize


def test_which_models_are_shipped():
    assert shipped() == ("alerts", "demo", "general", "ztf")
    assert Classify().model == "general"
    assert read_card("demo").trained_on == "simulated"
    assert read_card("general").trained_on == "real"


def test_the_general_model_says_how_good_it_is_on_each_survey():
    figures = read_card("general").metrics["test"]["by_origin"]
    assert {"crts_north", "crts_south", "eros2_lmc", "gaia_dr3_epochs", "ogle_lmc_cepheids"} == set(figures)
    assert figures["crts_north"]["accuracy"] >= 0.80
    assert figures["gaia_dr3_epochs"]["accuracy"] >= 0.99
    assert figures["ogle_lmc_cepheids"]["accuracy"] >= 0.95


@pytest.mark.parametrize("name", shipped())
def test_shipped_models_are_whole_and_small(name):
    model = load(name)
    assert model.card.name == name
    assert (find_folder(name) / WEIGHTS).stat().st_size < 1_000_000
    figures = model.card.metrics
    assert {"accuracy", "macro_f1", "ece", "test", "validation", "baseline"} <= set(figures)
    assert figures["ece"] <= (0.075 if name == "ztf" else 0.03), "chance alone makes 0.035 to 0.075 of 173 stars"


def test_the_ztf_model_says_what_is_real_and_what_simulated():
    card = read_card("ztf")
    assert card.trained_on == "mixed"
    figures = card.metrics
    real = figures["test"]["by_origin"]
    assert set(real) == {"ztf_yso", "ztf_gaia_binaries", "ztf_prototypes"}
    assert set(figures["simulated_test"]["by_origin"]) == {"simulated"}
    assert real["ztf_yso"]["accuracy"] >= 0.85
    assert figures["simulated_test"]["accuracy"] >= 0.85
    assert figures["baseline"]["simulated_test"]["n"] == figures["simulated_test"]["n"]
    assert (find_folder("ztf") / WEIGHTS).stat().st_size < 400_000


def test_the_demo_model_knows_new_simulated_stars():
    classes = ("RRab", "RRc", "DCEP_F", "DSCT", "EA", "EW", "MIRA")
    made = synthesize(classes * 20, seed=31, n_observations=(40, 180), baseline_days=1200.0)
    model = load("demo")
    guess = np.array(model.classes)[model.predict_proba(made.lcs, made.period).argmax(axis=1)]
    assert np.mean(guess == made.label) > 0.85

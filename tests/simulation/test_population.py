"""The simulated population against what is published of real ones."""

from __future__ import annotations

import numpy as np
import pytest

from lcscale.errors import InputError
from lcscale.simulation.population import declared, simulate_population


@pytest.fixture(scope="module")
def sky():
    counts = dict.fromkeys(("main_sequence", "evolved", "extragalactic", "YSO"), 3000)
    return simulate_population(counts, seed=3).to_pandas()


def test_equal_seeds_give_equal_skies_and_ids_are_unique(sky):
    again = simulate_population({"main_sequence": 3000}, seed=3).to_pandas()
    assert again.equals(sky[:3000][again.columns])
    assert sky.source_id.is_unique
    assert (sky.label.value_counts() == 3000).all()


def test_nothing_is_fainter_than_its_survey_sees(sky):
    for band, (limit, floor) in declared()["limits"].items():
        seen = sky[band].dropna()
        assert seen.max() < limit
        if f"e_{band}" in sky:
            error = sky[f"e_{band}"].dropna()
            assert (sky[band].notna() == sky[f"e_{band}"].notna()).all()
            assert error.min() >= floor
            assert error.max() <= 0.217 * 10**0.4 + 0.01, "a source is seen up to one magnitude beyond the limit"
    assert sky.g.notna().all()


def test_main_sequence_stars_lie_on_the_main_sequence(sky):
    """The Sun's colours and brightness (Pecaut & Mamajek 2013: M_G 4.63, BP-RP 0.82), dust taken off."""
    stars = sky[(sky.label == "main_sequence") & (sky.parallax / sky.parallax_error > 20)]
    colour = stars.bp - stars.rp - (1.002 - 0.589) * stars.a_v
    absolute = stars.g + 5 * np.log10(stars.parallax / 100) - 0.789 * stars.a_v
    suns = np.abs(colour - 0.82) < 0.05
    assert suns.sum() > 10
    assert np.median(absolute[suns]) == pytest.approx(4.65, abs=0.3)


def test_giants_are_brighter_than_dwarfs_of_their_colour(sky):
    stars = sky[(sky.label == "evolved") & (sky.parallax / sky.parallax_error > 10)]
    assert np.median(stars.k + 5 * np.log10(stars.parallax / 100)) < -2


def test_quasars_lie_in_the_wise_wedge(sky):
    """W1-W2 >= 0.8 finds most AGN (Stern et al. 2012): 0.7 of our sources are AGN, and the other classes are not."""
    share = sky[sky.w2.notna()].groupby("label").apply(lambda rows: (rows.w1 - rows.w2 >= 0.8).mean())
    assert 0.5 < share["extragalactic"] < 0.75
    assert share["main_sequence"] < 0.02
    assert (
        np.abs(sky[sky.label == "extragalactic"].parallax / sky[sky.label == "extragalactic"].parallax_error).median()
        < 1
    )


def test_young_stars_have_discs_and_vary(sky):
    """Class II in W1-W2 and W2-W3 (Koenig & Leisawitz 2014): W1-W2 from 0.25 on, W2-W3 from 1 on, for a good part."""
    young, dwarfs = sky[sky.label == "YSO"], sky[sky.label == "main_sequence"]
    for colour, limit in ((young.w1 - young.w2, 0.25), (young.w2 - young.w3, 1.0)):
        assert 0.4 < (colour.dropna() > limit).mean() < 0.95
    scatter = [np.median(np.sqrt(each.g_n_obs) / each.g_flux_over_error) for each in (young, dwarfs)]
    assert scatter[0] > 2 * scatter[1]


def test_dust_moves_colours_along_the_declared_vector(sky):
    """E(J-H)/E(H-K) of giants without shells is that of Wang & Chen (2019), (0.243-0.131)/(0.131-0.078)."""
    vector = declared()["extinction"]
    assert (vector["j"] - vector["h"]) / (vector["h"] - vector["k"]) == pytest.approx(2.11, abs=0.01)
    suns = sky[(sky.label == "main_sequence") & (sky.e_k < 0.03)]
    absolute = suns.k + 5 * np.log10(suns.parallax.clip(1e-3) / 100) - 0.078 * suns.a_v
    suns = suns[(np.abs(absolute - 3.3) < 0.5) & (suns.parallax / suns.parallax_error > 10)]
    slope, intrinsic = np.polyfit(suns.a_v, suns.j - suns.k, 1)
    assert len(suns) > 50
    assert slope == pytest.approx(vector["j"] - vector["k"], abs=0.05)
    assert intrinsic == pytest.approx(0.43, abs=0.1)


def test_an_unknown_class_is_refused():
    with pytest.raises(InputError, match="no simulated class planets"):
        simulate_population({"planets": 3})

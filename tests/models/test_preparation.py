from dataclasses import replace

import numpy as np
import pytest

from lcscale.errors import InputError, ModelError
from lcscale.lightcurves import LightCurves
from lcscale.models.inputs.preparation import Preparation, fit_standards, prepare, standardise
from lcscale.models.labels.roles import ROLES, cast
from lcscale.simulation.synthesis import synthesize

HOW = Preparation()


@pytest.fixture(scope="module")
def stars():
    return synthesize(["RRab", "EW", "LPV", "DSCT"] * 10, seed=2)


def test_every_channel_is_the_images_rooms_own_drawing(stars):
    from lcscale.images import render_folded

    inputs = prepare(stars.lcs, stars.period, HOW)
    assert inputs.images.shape == (40, 4, 64, 64)
    red, first = stars.lcs.select_band("r"), stars.lcs.time[stars.lcs.offsets[:-1]]
    expected = render_folded(red, 2 * stars.period, first, size=64, options=HOW.drawing)[:, 0]
    np.testing.assert_array_equal(inputs.images[:, 3], expected)
    alone = prepare(stars.lcs, stars.period, replace(HOW, aligned_together=False)).images[:, 3]
    np.testing.assert_array_equal(alone, render_folded(red, 2 * stars.period, size=64, options=HOW.drawing)[:, 0])
    assert inputs.numbers.shape == (40, len(HOW.names))
    assert all(reason is None for reason in inputs.reason)


def test_further_pictures_are_the_images_rooms_own_too(stars):
    from lcscale.images import render_density, render_dmdt, render_error_bars

    few, period = stars.lcs.take(np.arange(4)), stars.period[:4]
    how = Preparation(pictures=("density", "error bars", "dm-dt"), folds=(1,), size=32)
    inputs, plain = prepare(few, period, how), prepare(few, period, replace(how, pictures=()))
    assert how.channels[3:5] == ("blue, dm-dt", "red, period")
    np.testing.assert_array_equal(inputs.images[:, ::4], plain.images)
    np.testing.assert_array_equal(inputs.numbers, plain.numbers)
    red, first = few.select_band("r"), few.time[few.offsets[:-1]]
    for k, render in ((5, render_density), (6, render_error_bars)):
        np.testing.assert_array_equal(inputs.images[:, k], render(red, period, first, 32, how.drawing)[:, 0])
    np.testing.assert_array_equal(inputs.images[:, 7], render_dmdt(red, 32)[:, 0])
    over_time = prepare(few, None, replace(how, view="raw"))
    np.testing.assert_array_equal(over_time.images[:, 5], render_density(red, size=32, options=how.drawing)[:, 0])
    with pytest.raises(InputError, match="pictures are different ones out of density"):
        Preparation(pictures=("density", "density"))


def test_phases_compare_between_the_bands():
    rng = np.random.default_rng(3)
    time = np.sort(rng.uniform(0, 300, 900))
    mag = 15 - 0.5 * np.exp(-40 * (1 - np.cos(2 * np.pi * time / 1.7)))  # one narrow peak a cycle
    band = (rng.random(900) < 0.5).astype(np.int8)
    band[:20] = 0
    lcs = LightCurves(time, mag, np.full(900, 0.01), [0, 900], band, ("g", "r"))
    peaks = [image[:8].sum(axis=0).argmax() for image in prepare(lcs, [1.7], HOW).images[0, ::2]]
    assert abs(int(peaks[0]) - int(peaks[1])) in (0, 1, 63)


def test_an_empty_role_is_black_and_missing(stars):
    blue = stars.lcs.select_band("g")
    inputs = prepare(blue, stars.period, HOW, bands=("g", "r"))
    assert inputs.images[:, 2:].max() == 0
    names = np.array(HOW.names)
    assert np.isnan(inputs.numbers[:, np.char.endswith(names, "_red")]).all()
    assert np.isnan(inputs.numbers[:, names == "colour"]).all()
    apart = replace(HOW, aligned_together=False)
    both, alone = prepare(stars.lcs, stars.period, apart), prepare(blue, stars.period, apart, bands=("g", "r"))
    np.testing.assert_array_equal(alone.images[:, :2], both.images[:, :2])
    assert all(reason is None for reason in inputs.reason)


def test_the_bands_are_the_catalogs_not_the_batchs(stars):
    red_only = stars.lcs.keep(stars.lcs.band == 1)
    inputs = prepare(red_only, stars.period, HOW, bands=("g", "r"))
    assert inputs.images[:, :2].max() == 0
    assert inputs.images[:, 2:].max() == 255


def test_reasons():
    rng = np.random.default_rng(0)
    time = np.sort(rng.uniform(0, 100, 55))
    mag = np.concatenate([rng.normal(15, 0.1, 20), rng.normal(15, 0.1, 4), np.full(20, 15.0), np.full(11, np.nan)])
    lcs = LightCurves(time, mag, np.full(55, 0.1), [0, 20, 24, 44, 55, 55, 55])
    inputs = prepare(lcs.take([0, 0, 1, 2, 3, 4]), [np.nan, 0.5, 0.5, 0.5, 0.5, 0.5], HOW)
    assert inputs.reason.tolist() == [
        "no period",
        None,
        "4 observations usable, 5 needed",
        "constant magnitude",
        "0 of 11 observations usable, 5 needed",
        "0 observations usable, 5 needed",
    ]
    assert inputs.images[[0, 2, 3, 4, 5]].max() == 0


@pytest.mark.parametrize("period", [np.nan, 0.0, -1.0, np.inf])
def test_impossible_periods_are_a_reason(stars, period):
    inputs = prepare(stars.lcs.take([0]), [period], HOW)
    assert inputs.reason.tolist() == ["no period"]


def test_further_columns_are_numbers(stars):
    how = replace(HOW, columns=("bp_rp", "parallax"))
    inputs = prepare(stars.lcs, stars.period, how, columns={"parallax": np.arange(40.0)})
    assert how.names[-2:] == ("bp_rp", "parallax")
    assert np.isnan(inputs.numbers[:, -2]).all()
    np.testing.assert_array_equal(inputs.numbers[:, -1], np.arange(40))


def test_standards_are_mean_and_spread_of_what_is_there(stars):
    numbers = prepare(stars.lcs, stars.period, HOW).numbers
    scaled = standardise(numbers, fit_standards(HOW, numbers))
    known = np.isfinite(numbers)
    assert np.array_equal(known, np.isfinite(scaled))
    column = HOW.names.index("skewness_red")
    assert scaled[:, column].mean() == pytest.approx(0, abs=1e-4)
    assert scaled[:, column].std() == pytest.approx(1, abs=1e-3)


def test_bands_that_no_role_takes_are_refused():
    assert cast((), ROLES) == ("", None)
    with pytest.raises(ModelError, match="does not know the bands W1, W2.*blue: g"):
        cast(("W1", "W2"), ROLES)


def test_other_candidate_periods_enter_by_their_ratio_to_the_one_in_use(stars):
    how = Preparation(columns=("period_2", "period_3"))
    second = np.where(np.arange(40) % 4, 2 * stars.period, np.nan)
    numbers = prepare(stars.lcs, stars.period, how, columns={"period_2": second}).numbers
    assert how.names[-2:] == ("period_2", "period_3")
    np.testing.assert_allclose(numbers[np.arange(40) % 4 > 0, -2], np.log10(2), rtol=1e-6)
    assert np.isnan(numbers[::4, -2]).all()
    assert np.isnan(numbers[:, -1]).all()


def test_with_another_candidate_in_use_the_first_is_the_alternative(stars):
    import torch

    from lcscale.models.keeping.model import network_scores, scores_of
    from lcscale.models.networks.folded_images import Architecture, FoldedImageNet

    how = Preparation(columns=("period_2", "period_3"))
    torch.manual_seed(0)
    network = FoldedImageNet(Architecture(how.n_channels, len(how.names), 3)).eval()
    second, third = 2 * stars.period, 3 * stars.period
    told = {"period_2": second, "period_3": third}
    candidates = np.stack([stars.period, second, np.where(np.arange(40) % 2, third, stars.period)], axis=1)
    scored = scores_of([network], how, stars.lcs, candidates, bands=stars.lcs.bands, columns=told)
    scores = scored.scores[0]
    by_hand = prepare(stars.lcs, second, how, columns={"period_2": stars.period, "period_3": third})
    np.testing.assert_allclose(scores[1], network_scores(network, by_hand), atol=1e-5)
    np.testing.assert_array_equal(scores[2, ::2], scores[0, ::2])
    assert np.abs(scores[2, 1::2] - scores[0, 1::2]).max() > 1e-3


def test_objects_with_few_observations_show_all_bands_together():
    """Beside one with enough in a band, whose images are those it has alone, bit for bit."""
    rng = np.random.default_rng(3)
    time, bands = np.sort(rng.uniform(0, 300, 60)), ("g", "r", "i", "z", "u")
    code = np.concatenate([np.repeat([0, 1], 20), np.arange(20) % 5]).astype(np.int8)
    mag = 15 + 0.5 * code + 0.3 * np.sin(2 * np.pi * time / 0.7)
    lcs = LightCurves(time, mag, np.full(60, 0.02), [0, 40, 60], code, bands)
    both, rich = prepare(lcs, [0.7, 0.7], HOW), prepare(lcs.take([0]), [0.7], HOW)
    assert both.reason.tolist() == [None, None]
    np.testing.assert_array_equal(both.images[0], rich.images[0])
    np.testing.assert_array_equal(both.numbers[0], rich.numbers[0])
    known = np.isin(code[40:], (0, 1, 2, 3))  # no role takes u
    of_band = code[40:][known]
    value = mag[40:][known]
    merged = value - np.array([value[of_band == b].mean() for b in of_band])
    alone = LightCurves(time[40:][known], merged, np.full(known.sum(), 0.02), [0, known.sum()])
    twin = prepare(alone, [0.7], HOW)
    np.testing.assert_array_equal(both.images[1], twin.images[0])
    np.testing.assert_allclose(both.numbers[1], twin.numbers[0], rtol=1e-5)
    assert both.images[1, 2:].max() == 0


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        ([0, 0, 1, 1], "4 observations usable, 5 needed"),
        ([0, 1, 2, 3, 1], None),
        ([0, 1, 2, 3, 4], "4 observations usable, 5 needed"),
        ([0, 1, 2, 3, 5], "no two different observations in one band"),
    ],
)
def test_five_observations_in_the_bands_of_the_roles_will_do(codes, reason):
    n = len(codes)
    bands = ("g", "r", "i", "z", "u", "V")
    lcs = LightCurves(np.arange(n) * 1.3, 15.0 + np.arange(n), np.full(n, 0.1), [0, n], np.array(codes, np.int8), bands)
    assert prepare(lcs, [0.7], HOW).reason.tolist() == [reason]

import numpy as np
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from hypothesis import given
from hypothesis import strategies as st

from lcscale.errors import InputError
from lcscale.models.labels.splitting import TEST, TRAIN, VALIDATION, Split, assign

PLACES = np.random.default_rng(0).integers(0, 12 << 58, 20_000)


def test_a_pixel_is_in_one_set_only():
    split = Split(order=2)
    sets, pixels = assign(PLACES, split), PLACES >> (2 * 27)
    for pixel in np.unique(pixels):
        assert np.unique(sets[pixels == pixel]).size == 1


def test_shares_are_about_those_asked_for():
    sets = assign(PLACES, Split(validation=0.1, test=0.3, order=5))
    assert np.mean(sets == TEST) == pytest.approx(0.3, abs=0.02)
    assert np.mean(sets == VALIDATION) == pytest.approx(0.1, abs=0.02)
    assert set(np.unique(sets)) == {TRAIN, VALIDATION, TEST}


@given(st.integers(1, 20_000), st.integers(0, 5))
def test_other_stars_and_order_do_not_matter(n, seed):
    split = Split(seed=seed)
    np.testing.assert_array_equal(assign(PLACES[:n], split), assign(PLACES[:n][::-1], split)[::-1])
    np.testing.assert_array_equal(assign(PLACES[:n], split), assign(PLACES, split)[:n])


def test_the_seed_matters():
    assert (assign(PLACES, Split(seed=1)) != assign(PLACES, Split(seed=2))).any()


@pytest.mark.parametrize("bad", [{"validation": 0.0}, {"validation": 0.5, "test": 0.5}, {"order": 30}, {"test": -0.1}])
def test_shares_that_leave_nothing_are_refused(bad):
    with pytest.raises(InputError):
        Split(**bad)


def test_the_order_is_as_fine_as_the_sky_that_is_covered_wants():
    assert Split.of_sky(PLACES) == Split()
    ra, dec = 80.0, -69.0  # a field of five degrees, as EROS-2's of the Large Magellanic Cloud
    rng = np.random.default_rng(1)
    field = compute_spatial_index(ra + rng.uniform(-5, 5, 3000), dec + rng.uniform(-2, 2, 3000))
    split = Split.of_sky(field, test=0.25)
    assert split.test == 0.25
    assert np.unique(field >> 2 * (29 - split.order)).size >= 30
    assert np.unique(field >> 2 * (30 - split.order)).size < 30
    assert set(np.unique(assign(field, split))) == {TRAIN, VALIDATION, TEST}
    assert Split.of_sky(field[:1]).order == 3

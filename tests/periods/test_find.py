"""`find` and `Search`: known periods come out, bad objects keep their row."""

import warnings

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves
from lcscale.periods import PERIOD_SCHEMA, FrequencyGrid, Search, find, lomb_scargle


def stars(periods, shape=np.cos, n=80, noise=0.02, span=700.0, seed=0):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, span, (len(periods), n)), axis=1)
    phase = 2 * np.pi * time / np.asarray(periods)[:, None]
    mag = 15 + 0.3 * shape(phase) + rng.normal(0, noise, time.shape)
    offsets = np.arange(len(periods) + 1) * n
    return LightCurves(time.ravel() + 55000, mag.ravel(), np.full(mag.size, noise), offsets)


def eclipses(phase):
    turns = phase / (2 * np.pi) % 1
    return np.exp(-0.5 * ((turns - 0.25) / 0.04) ** 2) + 0.5 * np.exp(-0.5 * ((turns - 0.75) / 0.04) ** 2)


def test_sinusoids():
    periods = np.array([0.113, 0.57, 1.9, 8.4, 33.0])
    table = find(stars(periods))
    assert table.schema.equals(PERIOD_SCHEMA)
    np.testing.assert_allclose(table["period"].to_numpy(), periods, rtol=2e-4)
    np.testing.assert_allclose(table["frequency"].to_numpy(), 1 / table["period"].to_numpy())
    assert (table["fap"].to_numpy() < 1e-10).all()
    np.testing.assert_allclose(table["period_2"].to_numpy()[:3], 2 * periods[:3], rtol=1e-2)


def test_own_grids_to_a_higher_frequency():
    """A δ Scuti star at 36 cycles per day."""
    fast = stars([1 / 36.0], n=120)
    assert find(fast)["period"][0].as_py() > 0.039
    assert find(fast, fmax=50.0)["period"][0].as_py() == pytest.approx(1 / 36, rel=2e-4)
    table = pa.table({"lightcurve": fast.to_arrow()})
    assert Search(fmax=50.0)(table)["period"][0].as_py() == pytest.approx(1 / 36, rel=2e-4)
    assert Search(fmax=50.0).fingerprint() != Search().fingerprint()


def test_epoch_is_the_first_maximum_of_light():
    periods = np.array([0.57, 8.4])
    lcs = stars(periods)
    table = find(lcs)
    epoch = table["epoch"].to_numpy()
    start = lcs.time[lcs.offsets[:-1]]
    assert ((epoch >= start) & (epoch < start + periods)).all()
    brightest = (epoch - 55000) / periods % 1  # magnitudes go with cos: brightest at half a turn
    np.testing.assert_allclose(brightest, 0.5, atol=0.02)
    faintest = (table["epoch_minimum"].to_numpy() - 55000) / periods % 1
    np.testing.assert_allclose((faintest + 0.5) % 1, 0.5, atol=0.02)


def test_eclipsing_binaries_do_not_stay_at_half():
    periods = np.array([0.91, 1.37, 2.83])
    table = find(stars(periods, eclipses, n=200))
    np.testing.assert_allclose(table["period"].to_numpy(), periods, rtol=1e-3)
    deeper = (table["epoch_minimum"].to_numpy() - 55000) / periods % 1  # the deeper eclipse, at a quarter of a turn
    np.testing.assert_allclose(deeper, 0.25, atol=0.02)


def test_bad_objects_keep_their_row():
    good = stars([0.57])
    n = good.time.size
    lcs = LightCurves(
        np.r_[good.time, np.arange(4.0), np.arange(12.0), np.full(12, 3.0)],
        np.r_[good.mag, np.arange(4.0), np.ones(12), np.arange(12.0)],
        np.full(n + 28, 0.1),
        [0, n, n + 4, n + 16, n + 28],
    )
    rows = find(lcs).to_pylist()
    assert [row["reason"] for row in rows] == [
        None,
        "4 observations usable, 5 needed",
        "constant magnitude",
        "all observations at one time",
    ]
    for row in rows[1:]:
        assert all(value is None for name, value in row.items() if name != "reason")


def test_absurd_numbers_do_not_warn():
    rng = np.random.default_rng(3)
    n = 30
    time = [rng.uniform(-1e300, 1e300, n), *(np.sort(rng.uniform(0, 300, n)) for _ in range(3))]
    mag = [rng.normal(15, 1, n), 1e300 * rng.normal(size=n), np.where(np.arange(n) == 9, 99.0, 15.0), np.ones(n)]
    mag[3][4] = 1e30
    error = [np.full(n, 0.1), np.full(n, 0.1), rng.choice([1e-30, 1e30, 0.1], n), np.full(n, 1e-300)]
    lcs = LightCurves(*map(np.concatenate, (time, mag, error)), np.arange(5) * n)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = find(lcs, FrequencyGrid.for_baseline(300, 2)).to_pylist()
        lomb_scargle(lcs, FrequencyGrid.for_baseline(300, 2), dtype=np.float32)
    assert all((row["period"] is None) == (row["reason"] is not None) for row in rows)


def test_row_does_not_depend_on_batch():
    lcs = stars([0.113, 0.57, 1.9, 8.4])
    grid = FrequencyGrid.for_baseline(700, 10)
    whole = find(lcs, grid).to_pylist()
    assert find(lcs.take([2]), grid).to_pylist() == [whole[2]]
    assert find(lcs.take([3, 1]), grid).to_pylist() == [whole[3], whole[1]]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(8, 70), min_size=2, max_size=6), st.integers(1, 2))
def test_rows_of_any_batch(seed, counts, n_bands):
    """Neighbours and the order of observations change nothing; zero point and scale, with free bands, rounding."""
    rng = np.random.default_rng(seed)
    offsets = np.r_[0, np.cumsum(counts)]
    time = rng.uniform(0, 200, offsets[-1])
    mag = np.cos(2 * np.pi * time / 1.37) + 0.01 * rng.normal(size=time.size)
    band = rng.integers(0, n_bands, time.size).astype(np.int8)
    error = rng.uniform(0.01, 0.02, time.size)
    grid = FrequencyGrid.for_baseline(200, 2)

    def rows(mag, error, order, members, coupling="auto"):
        lcs = LightCurves(time[order], mag[order], error[order], offsets, band[order], ("g", "r")[:n_bands])
        return find(lcs.take(members), grid, coupling=coupling).to_pylist()

    owner = np.repeat(np.arange(len(counts)), counts)
    shuffled = np.lexsort((rng.random(time.size), owner))
    members = rng.permutation(len(counts))
    whole = rows(mag, error, np.arange(time.size), np.arange(len(counts)))
    assert rows(mag, error, shuffled, members) == [whole[i] for i in members]
    whole, others = (rows(s * mag + 20, s * error, shuffled, np.arange(len(counts)), "free") for s in (1, 3))
    for row, other in zip(whole, others, strict=True):
        assert (row["reason"] is None) == (other["reason"] is None)
        if row["reason"] is None and row["power"] > 0.99 and row["n_cycles"] > 20:
            assert other["period"] == pytest.approx(row["period"], rel=1e-6)
            assert other["power"] == pytest.approx(row["power"], rel=1e-6)


def test_two_bands_share_the_period():
    one = stars([0.57], n=60)
    band = (np.arange(60) % 2).astype(np.int8)
    mag = one.mag + 2.0 * band
    both = LightCurves(one.time, mag, one.mag_err, one.offsets, band, ("g", "r"))
    assert find(both)["period"][0].as_py() == pytest.approx(0.57, rel=2e-4)


def test_step_schema_is_that_of_its_result():
    table = pa.table({"object_id": [1, 2], "lightcurve": stars([0.57, 1.9]).to_arrow()})
    step = Search(FrequencyGrid.for_baseline(700, 5))
    result = step(table)
    assert result.schema.equals(step.schema(table.schema))
    assert result["period"].to_pylist() == pytest.approx([0.57, 1.9], rel=2e-4)


def test_undeclared_bands_take_no_part():
    """Declared bands alone are searched, as features are made of them alone."""
    n = 60
    good = stars([0.57], n=n)
    rng = np.random.default_rng(1)
    lcs = LightCurves(
        np.r_[good.time, good.time + 0.1],
        np.r_[good.mag, rng.normal(15, 3, n)],
        np.r_[good.mag_err, np.full(n, 0.001)],
        [0, 2 * n],
        np.repeat([0, 1], n).astype(np.int8),
        ("g", "junk"),
    )
    array = lcs.to_arrow()
    schema = pa.schema([pa.field("lightcurve", array.type, metadata={"bands": "g"})])
    table = pa.table([array], schema=schema)
    grid = FrequencyGrid.for_baseline(700, 5)
    alone = find(lcs.select_band("g"), grid)
    period = alone["period"][0].as_py()
    assert Search(grid)(table)["period"][0].as_py() == pytest.approx(period, rel=1e-6)  # float32 magnitudes
    assert find(lcs, grid, bands=("g",))["period"] == alone["period"]
    assert Search(grid, bands="junk")(table)["period"][0].as_py() != pytest.approx(period, rel=1e-2)
    assert find(lcs, grid, bands=("r",))["reason"][0].as_py() == "0 observations usable, 5 needed"
    with pytest.raises(InputError, match="no band r in lightcurve; there are g"):
        Search(grid, bands="r").schema(schema)


def test_the_device_is_no_part_of_the_fingerprint():
    assert Search(device="cuda").fingerprint() == Search().fingerprint()
    assert Search(n_harmonics=2).fingerprint() != Search().fingerprint()


def test_bad_parameters_are_input_errors():
    with pytest.raises(InputError, match="n_peaks"):
        find(stars([0.5]), n_peaks=0)
    with pytest.raises(InputError, match="fmax"):
        find(stars([0.5]), fmax=0.0)
    with pytest.raises(InputError, match="frequency grid"):
        FrequencyGrid(2.0, 1.0, 0.1)


def test_empty_batch():
    assert find(LightCurves([], [], [], [0])).schema.equals(PERIOD_SCHEMA)

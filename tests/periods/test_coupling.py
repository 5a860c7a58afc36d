"""Bands that share amplitudes, shapes and mean colours, against dense linear algebra and known periods."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lcscale.errors import InputError
from lcscale.kernels.harmonics import DROPS, DUSTY, JOINT, LOOSE, N_PARAMETERS, OFFSET, WORK_ROWS
from lcscale.kernels.harmonics import RATIO as RATIO_OF_BAND
from lcscale.lightcurves import LightCurves, usable
from lcscale.periods import FrequencyGrid, Search, find
from lcscale.periods.coupling import DISTANCE, FREEDOM_OF_ERRORS, coupled
from lcscale.periods.evidence import log_evidence
from lcscale.periods.families import Family, Template, alike, read_families
from lcscale.periods.ladder import CONTENDERS, MARGIN, Rung
from lcscale.periods.peaks import Peaks
from lcscale.periods.shared_equations import LANES, shared_equations
from lcscale.periods.shared_scan import SharedScan
from lcscale.periods.templates import N_PHASES, SPREAD, SURVIVORS, Templates, ready

BANDS = ("u", "g", "r", "i", "z")
RATIO = np.array([0.94, 1.0, 0.72, 0.57, 0.51])
COLOUR = np.array([1.1, -0.07, -0.29, -0.36, -0.4])
DUST = np.array([4.2, 3.3, 2.3, 1.7, 1.3])
PER_BAND = [dict(zip(BANDS, values.tolist(), strict=True)) for values in (RATIO, COLOUR, DUST)]
FAMILY = Family("test", "", *PER_BAND, 0.05, 0.1, 0.4)
RR_LYRAE = next(family for family in read_families() if family.name == "RR Lyrae")


def sparse(n_stars=3, n=30, period=0.5763, noise=0.02, seed=0, span=900.0, unknown=False):
    """RR Lyrae-like stars of some points a band, in nights, dimmed by distance and dust."""
    rng = np.random.default_rng(seed)
    time = np.sort(np.floor(rng.uniform(0, span, (n_stars, n))) + rng.uniform(0, 0.35, (n_stars, n)), axis=1).ravel()
    band = rng.integers(0, 5, time.size).astype(np.int8)
    phase = (time / period) % 1.0
    shape = np.interp(phase, np.linspace(0, 1, 51), [*RR_LYRAE.templates[1].shape, RR_LYRAE.templates[1].shape[0]])
    error = rng.uniform(0.5, 1.5, time.size) * noise
    mag = 18.0 + COLOUR[band] + 0.05 * DUST[band] + 0.9 * RATIO[band] * shape + rng.normal(0, error)
    names = ("u", "g", "r", "i", "W149") if unknown else BANDS
    return LightCurves(55000 + time, mag, error, np.arange(n_stars + 1) * n, band, names)


def whole_covariance(lcs, i, floor):
    """Covariance of the observations of star `i` about the colours of the family, and these."""
    rows = slice(lcs.offsets[i], lcs.offsets[i + 1])
    band = lcs.band[rows]
    means = FAMILY.scatter**2 * np.eye(5) + DISTANCE**2 + FAMILY.reddening**2 * np.outer(DUST, DUST)
    noise = lcs.mag_err[rows] ** 2 + (floor * RATIO[band]) ** 2
    return np.diag(noise) + means[np.ix_(band, band)], lcs.mag[rows] - COLOUR[band], RATIO[band], lcs.time[rows]


def drop_by_force(covariance, y, columns, prior):
    """χ² of a constant star less that of `columns`, whose coefficients have a Gaussian prior of precision `prior`."""
    inverse = np.linalg.inv(covariance)
    right = columns.T @ inverse @ y
    return right @ np.linalg.solve(columns.T @ inverse @ columns + np.diag(prior), right)


def scanned(grid, series, i, *others):
    """Powers of star `i` tied as in `series` and `others`, float32 [n_families, n_frequencies]."""
    couplings = np.array([each.one(i)[5] for each in (series, *others)])
    return np.concatenate([piece.copy() for piece in SharedScan(grid).powers(series.one(i), couplings)], axis=1)


def test_the_scan_is_generalised_least_squares():
    """Of the magnitudes with their whole covariance matrix: noise, colours, dust and distance."""
    lcs, _ = usable(sparse())
    series, _ = coupled(lcs, FAMILY, 0.15)
    grid = FrequencyGrid.for_baseline(900.0, 3.0, 2.5)
    power = scanned(grid, series, 1)[0]
    assert power.size == grid.size
    covariance, y, ratio, time = whole_covariance(lcs, 1, 0.15)
    centred = y - np.median(y)  # the distance is as good as free: less of it to lose digits by
    constant = centred @ np.linalg.solve(covariance, centred)
    base = constant + FREEDOM_OF_ERRORS
    noise = lcs.mag_err[lcs.offsets[1] : lcs.offsets[2]] ** 2 + (0.15 * ratio) ** 2
    total = np.sum(ratio**2 / noise)
    for k in (0, 17, 511, 512, 2000, grid.size - 1):
        angle = 2 * np.pi * grid.frequencies()[k] * (time - time[0])
        columns = ratio[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
        expected = drop_by_force(covariance, centred, columns, [1e-3 * total] * 2) / base
        assert power[k] == pytest.approx(expected, rel=2e-3, abs=1e-4)


def test_one_scan_of_several_families_is_that_of_each():
    """Colours as the family has them, and means that are free: the same sums, with the ratios half-way."""
    lcs, _ = usable(sparse(noise=0.05))
    eclipsing = next(family for family in read_families() if family.name == "eclipsing")
    tied = alike([FAMILY, eclipsing], [FAMILY, eclipsing], BANDS)
    for family in tied:
        np.testing.assert_allclose(family.per_band(BANDS)[0], RATIO**0.5)
    one, other = [coupled(lcs, family, 0.15)[0] for family in tied]
    grid = FrequencyGrid.for_baseline(900.0, 3.0, 2.5)
    both = scanned(grid, one, 1, other)
    np.testing.assert_allclose(both[0], scanned(grid, one, 1)[0], atol=1e-6)
    np.testing.assert_allclose(both[1], scanned(grid, other, 1)[0], rtol=2e-3, atol=2e-5)
    assert np.abs(both[0] - both[1]).max() > 0.01


def test_equations_of_many_frequencies_are_those_of_one_after_another():
    """With free bands between tied ones, and more frequencies than a block has."""
    lcs, _ = usable(sparse(n=40, unknown=True))
    series, _ = coupled(lcs, FAMILY, 0.04)
    curve, order, scale = series.one(1), 5, 3.0
    frequency = np.random.default_rng(0).uniform(0.01, 8.0, 2 * LANES + 5)
    matrix = np.empty((order * (2 * order + 1), frequency.size), np.float32)
    right = np.empty((2 * order, frequency.size), np.float32)
    shared_equations(curve, frequency, order, scale, matrix, right)
    time, weight, weighted, cuts, share, coupling = curve
    for place in (0, LANES, frequency.size - 1):
        phase = 2 * np.pi * frequency[place] * np.outer(np.arange(1, order + 1), time)
        columns = np.stack([np.cos(phase), np.sin(phase)], 1).reshape(2 * order, -1)
        normal, data, common, reddened = np.zeros((2 * order, 2 * order)), np.zeros(2 * order), 0.0, 0.0
        for g in np.flatnonzero(~np.isnan(coupling[:, RATIO_OF_BAND])):
            rows, link, strength = slice(cuts[g], cuts[g + 1]), coupling[g], share[g] * coupling[g, RATIO_OF_BAND]
            own = columns[:, rows]
            mean = strength * own @ weight[rows]
            normal += strength * link[RATIO_OF_BAND] * (own * weight[rows]) @ own.T
            normal -= link[LOOSE] * np.outer(mean, mean)
            common, reddened = common + link[JOINT] * mean, reddened + link[DUSTY] * mean
            data += strength * own @ (weighted[rows] - link[OFFSET] * weight[rows])
        normal -= np.outer(common, common) + np.outer(reddened, reddened)
        expected = scale * normal[np.tril_indices(2 * order)]
        np.testing.assert_allclose(matrix[:, place], expected, atol=3e-6 * np.abs(expected).max())
        np.testing.assert_allclose(right[:, place], scale * data, atol=3e-6 * np.abs(scale * data).max())


def test_shared_series_are_generalised_least_squares():
    lcs, _ = usable(sparse())
    series, null = coupled(lcs, FAMILY, 0.04)
    work, curve = np.empty((WORK_ROWS, N_PARAMETERS)), series.one(2)
    covariance, y, ratio, time = whole_covariance(lcs, 2, 0.04)
    centred = y - np.median(y)
    for order, frequency in ((1, 1.7), (4, 1 / 0.5763), (8, 0.31)):
        log_evidence(curve, frequency, order, 3.0, np.empty((4, curve[0].size)), work)
        angle = 2 * np.pi * frequency * np.outer(time - time[0], np.arange(1, order + 1))
        columns = ratio[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
        prior = np.tile((np.arange(1, order + 1) / FAMILY.amplitude) ** 2, 2)
        expected = drop_by_force(covariance, centred, columns, prior)
        assert work[DROPS, order - 1] * series.chi2[2] == pytest.approx(expected, rel=1e-6)
    constant = centred @ np.linalg.solve(covariance, centred)
    freedom = FREEDOM_OF_ERRORS
    spread = -0.5 * np.linalg.slogdet(covariance)[1]
    expected = spread - 0.5 * (centred.size + freedom) * np.log1p(constant / freedom)
    assert null[2] == pytest.approx(expected, abs=0.02)


def test_templates_are_fitted_as_by_force():
    """Every phase and amplitude one by one, against the product of matrices."""
    lcs, _ = usable(sparse())
    series, _ = coupled(lcs, FAMILY, 0.04)
    angle = 2 * np.pi * np.arange(50) / 50
    shape = -np.cos(angle) - 0.4 * np.cos(2 * angle + 0.5)
    shape = (shape - shape.mean()) / np.ptp(shape)
    template = Template("test", tuple(shape), (0.9, 0.2), (-0.24, 0.05))
    frequency = np.array([1.2, 1 / 0.5763, 2.31])
    found = Templates([template]).scores(series.one(0), frequency, float(series.chi2[0]))[:, 0]
    covariance, y, ratio, time = whole_covariance(lcs, 0, 0.04)
    y = y - np.median(y)
    inverse, start = np.linalg.inv(covariance), time.min()
    phases = np.arange(N_PHASES) / N_PHASES
    size = y @ inverse @ y + FREEDOM_OF_ERRORS
    for f, score in zip(frequency, found, strict=True):
        logs = []
        for phase in phases:
            turn = 2 * np.pi * ((time - start) * f + phase)
            x = ratio * (-np.cos(turn) - 0.4 * np.cos(2 * turn + 0.5))
            x /= np.ptp(-np.cos(angle) - 0.4 * np.cos(2 * angle + 0.5))
            xx, xy = x @ inverse @ x, x @ inverse @ y
            a = max((xy + 0.9 / 0.04) / (xx + 1 / 0.04), 0.0)
            drop = 2 * a * xy - a * a * xx - (a - 0.9) ** 2 / 0.04
            rest = np.log(max(1 - drop / size, 1e-12))
            logs.append(-0.5 * (y.size + FREEDOM_OF_ERRORS) * rest - 0.5 * np.log1p(0.04 * xx))
        away = (-np.log10(f) + 0.24) / 0.05
        expected = np.logaddexp.reduce(logs) - np.log(N_PHASES) - 0.5 * away**2 - np.log(0.05)
        assert score == pytest.approx(expected, abs=0.02)


def test_the_best_of_all_trials_is_among_those_that_survive_the_coarse_ones():
    """Of 150 random peaks and the true one: all of them tried in full, against few harmonics and phases first."""
    lcs, _ = usable(sparse(20, n=25, noise=0.04, seed=8))
    rung, templates = Rung(lcs, RR_LYRAE, False, True), ready(RR_LYRAE.templates)
    for i in range(len(lcs)):
        width, chi2 = 1.0 / rung.fits.baseline[i], float(rung.fits.chi2[i])
        centre = np.r_[1 / 0.5763, np.random.default_rng(i).uniform(1.0, 4.5, 150)]
        peaks = Peaks(np.arange(151), np.ones(151), 0.0, 1.0)
        trials = (centre[:, None] + SPREAD * width).ravel()
        full = templates.scores(rung.fits.one(i), trials, chi2).reshape(151, -1).max(axis=1)
        left = rung.coarse(i, centre, peaks, -np.inf)
        assert CONTENDERS <= left.centre.size <= SURVIVORS
        assert centre[full.argmax()] in left.centre


def test_a_family_far_below_another_is_not_tried_in_full():
    lcs, _ = usable(sparse(2, n=40))
    rung = Rung(lcs, RR_LYRAE, True, True)
    scan, peaks = np.array([1 / 0.5763, 2.1]), Peaks(np.arange(2), np.ones(2), 0.0, 1.0)
    best = rung.coarse(0, scan, peaks, -np.inf).evidence
    assert rung.coarse(0, scan, peaks, best + 2 * MARGIN + 1) is None
    assert rung.series(0, 0.001, scan, peaks, best - 2 * MARGIN) is not None
    assert rung.series(0, 0.001, scan, peaks, best + 2 * MARGIN) is None


def test_sparse_stars_get_their_period_where_free_bands_do_not():
    lcs = sparse(8, n=26, seed=5)

    def right(table):
        return np.abs(table["period"].to_numpy().astype(float) / 0.5763 - 1) < 1e-3

    tied = find(lcs, coupling="templates", families=["RR Lyrae"])
    assert right(tied).sum() >= 7
    assert right(find(lcs)).sum() >= 7
    assert right(find(lcs, coupling="ratios")).sum() > right(find(lcs, coupling="free")).sum()
    assert set(tied["coupling"].to_pylist()) == {"templates"}
    assert all(name.startswith("RR") for name in tied["family"].to_pylist())
    turns = (tied["epoch"].to_numpy() - 55000) / tied["period"].to_numpy() % 1.0
    away = np.abs(turns - np.rint(turns))[right(tied)]
    assert (away < 0.06).all()  # phase 0 of the shape is maximum light
    fall = (tied["epoch_minimum"].to_numpy() - tied["epoch"].to_numpy()) / tied["period"].to_numpy() % 1.0
    assert ((fall > 0.4) & (fall < 1.0)).all()  # RR Lyrae stars fall longer than they rise


def test_a_row_depends_on_its_star_alone():
    lcs = sparse(4, n=24)
    whole = find(lcs).to_pylist()
    assert find(lcs.take([2])).to_pylist() == [whole[2]]
    assert find(lcs.take([3, 1])).to_pylist() == [whole[3], whole[1]]


def test_a_band_that_no_family_knows_keeps_its_own_amplitude():
    lcs = sparse(3, n=40, unknown=True)
    table = find(lcs, coupling="templates", families=["RR Lyrae"])
    np.testing.assert_allclose(table["period"].to_numpy(), 0.5763, rtol=1e-3)
    strangers = LightCurves(lcs.time, lcs.mag, lcs.mag_err, lcs.offsets, lcs.band, ("a", "b", "c", "d", "e"))
    reasons = find(strangers, coupling="templates", families=["RR Lyrae"])["reason"].to_pylist()
    assert reasons == ["no band is known to RR Lyrae"] * 3


def test_one_band_is_searched_as_ever():
    lcs = sparse(2, n=60).select_band("g")
    assert find(lcs).equals(find(lcs, coupling="free"))


def test_families_of_a_file(tmp_path: Path):
    file = tmp_path / "mine.toml"
    shape = ", ".join(f"{value:.4f}" for value in RR_LYRAE.templates[1].shape)
    bands = "\n".join(
        f'bands."{b}" = {{ ratio = {r}, colour = {c} }}' for b, r, c in zip(BANDS, RATIO, COLOUR, strict=True)
    )
    file.write_text(
        f'[[family]]\nname = "mine"\nsource = "me"\nscatter = 0.05\nreddening = 0.1\namplitude = 0.4\n{bands}\n'
        f'[[family.template]]\nname = "my shape"\namplitude = [0.9, 0.2]\nlog_period = [-0.24, 0.05]\nshape = [{shape}]'
    )
    table = find(sparse(2), coupling="templates", families=[str(file)])
    assert table["family"].to_pylist() == ["my shape"] * 2
    file.write_text("[[family]]\nname = 3")
    with pytest.raises(InputError, match=r"mine\.toml is no file of families"):
        find(sparse(2), families=[str(file)])
    with pytest.raises(InputError, match="no family 'Miras' of variable stars; there are RR Lyrae, Cepheid"):
        find(sparse(2), families=["Miras"])
    with pytest.raises(InputError, match="coupling 'loose'; give auto, free, ratios, templates"):
        find(sparse(2), coupling="loose")
    with pytest.raises(InputError, match="takes one harmonic and no bootstrap"):
        find(sparse(2), coupling="ratios", n_harmonics=2)


def test_the_step_does_as_told():
    table = pa.table({"lightcurve": sparse(2).to_arrow()})
    result = Search(coupling="templates", families=("RR Lyrae",))(table)
    assert result["coupling"].to_pylist() == ["templates"] * 2
    assert Search(coupling="free").fingerprint() != Search().fingerprint()


def test_every_shipped_family_says_where_it_comes_from():
    families = read_families()
    assert [family.name for family in families] == ["RR Lyrae", "Cepheid", "delta Scuti", "eclipsing"]
    for family in families:
        assert len(family.source) > 20
        for template in family.templates:
            shape = np.array(template.shape)
            assert abs(shape.mean()) < 0.01
            assert np.ptp(shape) == pytest.approx(1.0, abs=0.01)
            assert template.amplitude[1] > 0
            assert template.log_period[1] > 0

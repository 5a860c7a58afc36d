"""RR Lyrae stars: series against brute force, populations, conventions, and [Fe/H] of good and bad light curves."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from skies import put
from typer.testing import CliRunner

from lcscale.cli import app
from lcscale.errors import InputError, ModelError
from lcscale.explore import show, write_report
from lcscale.explore.folded import fold
from lcscale.explore.pulsation import with_series
from lcscale.features import extract
from lcscale.lake import HEALPIX_COLUMN
from lcscale.lightcurves import LightCurves, clean
from lcscale.periods import PERIOD_SCHEMA
from lcscale.products.rrlyrae import (
    Choice,
    Distances,
    FourierPopulation,
    Metallicities,
    RRLyraeModel,
    relations,
    training,
)
from lcscale.products.rrlyrae.equations import JITTER, ORDER, SeriesEquations
from lcscale.products.rrlyrae.model import _load
from lcscale.products.rrlyrae.networks import by_network, train_network
from lcscale.products.rrlyrae.parameters import FourierParameters
from lcscale.products.rrlyrae.population import Population
from lcscale.products.rrlyrae.regression import Kernel
from lcscale.products.rrlyrae.relations import relation_named
from lcscale.products.rrlyrae.training import train_metallicities

ERROR = 0.02


def basis(phase):
    """Cosines, then sines, of a series."""
    angle = 2 * np.pi * phase[:, None] * np.arange(1, ORDER + 1)
    return np.concatenate([np.cos(angle), np.sin(angle)], axis=1)


def drawn(n, seed, mode="RRab", each=60, error=ERROR):
    """Stars of the shipped population: light curves, periods, and the coefficients that they have at phase 0."""
    rng = np.random.default_rng(seed)
    population = RRLyraeModel.load("gaia_g").populations[mode]
    period = rng.normal(population.pivot, population.period_spread / 2, n)
    true = population.means(period) + rng.multivariate_normal(np.zeros(2 * ORDER), population.covariance, n)
    time = np.sort(rng.uniform(0, 1000, (n, each)), axis=1)
    phase = time / period[:, None] - rng.random((n, 1))
    mag = 16 + np.stack([basis(p) @ c for p, c in zip(phase, true, strict=True)]) + rng.normal(0, error, (n, each))
    return (
        LightCurves(time.ravel(), mag.ravel(), np.full(n * each, error), np.arange(0, n * each + 1, each)),
        period,
        true,
    )


def table_of(lcs, period, **columns):
    """The table that a search of periods leaves; periods of others are `given`."""
    nested = lcs.to_arrow()
    fields = [pa.field("lightcurve", nested.type), PERIOD_SCHEMA.field("period")]
    table = pa.Table.from_arrays([nested, pa.array(period, from_pandas=True)], schema=pa.schema(fields))
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    return table


def test_equations_are_those_of_least_squares_with_a_free_mean():
    lcs, period, _ = drawn(3, 1)
    equations = SeriesEquations.of(clean(lcs), period)
    for i in range(3):
        a, b = lcs.offsets[i], lcs.offsets[i + 1]
        design = np.column_stack([np.ones(b - a), basis(lcs.time[a:b] / period[i])])
        found = np.linalg.lstsq(design, lcs.mag[a:b], rcond=None)[0][1:]
        np.testing.assert_allclose(np.linalg.solve(equations.matrix[i], equations.right[i]), found, atol=1e-8)
        rest = ((lcs.mag[a:b] - design @ np.r_[lcs.mag[a:b].mean() - (design[:, 1:] @ found).mean(), found]) ** 2).sum()
        left = equations.square[i] - equations.right[i] @ found
        assert left == pytest.approx(rest / (ERROR**2 + JITTER**2), rel=1e-6)


def test_published_parameters_say_what_they_mean():
    amplitudes, phases = np.array([[0.3, 0.15, 0.1]]), np.array([[0.0, 4.0, 2.0]])
    errors = np.array([[[0.01, 0.01, 0.01], [0.02, 0.05, 0.1]]])
    equations = SeriesEquations.of_parameters(amplitudes, phases, errors)
    rows = [0, 1, 2, ORDER, ORDER + 1, ORDER + 2]
    covariance = np.linalg.inv(equations.matrix[0][np.ix_(rows, rows)])
    series = np.zeros(2 * ORDER)
    series[rows] = covariance @ equations.right[0][rows]
    for k in range(3):
        assert series[k] - 1j * series[ORDER + k] == pytest.approx(amplitudes[0, k] * np.exp(1j * phases[0, k]))


def test_denoised_parameters_beat_the_stars_own_and_their_errors_are_right():
    lcs, period, true = drawn(300, 2, each=25, error=0.05)
    found = FourierParameters.of(
        RRLyraeModel.load("gaia_g").populations["RRab"].denoise(SeriesEquations.of(clean(lcs), period), period)
    )
    series = true[:, :ORDER] - 1j * true[:, ORDER:]
    phi31 = np.angle(series[:, 2] * series[:, 0].conj() ** 3)
    rest = np.angle(np.exp(1j * (found.phases[:, 1] - phi31)))
    own = extract(lcs, ["phi31"], period)["phi31"].to_numpy()
    theirs = np.angle(np.exp(1j * (own - phi31)))
    assert np.median(np.abs(rest)) < 0.8 * np.nanmedian(np.abs(theirs))
    assert np.abs(np.nanmedian(theirs)) < 0.05  # one convention
    assert 0.58 < np.mean(np.abs(rest) < found.errors[:, 4]) < 0.80
    assert 0.58 < np.mean(np.abs(found.amplitudes[:, 0] - np.abs(series[:, 0])) < found.errors[:, 0]) < 0.80


def test_a_population_is_learnt_from_light_curves_alone():
    lcs, period, _ = drawn(600, 3, each=30)
    planted = RRLyraeModel.load("gaia_g").populations["RRab"]
    found = Population.fit("RRab", SeriesEquations.of(clean(lcs), period), period)
    at = np.array([0.55])

    def invariants(population):
        c = population.means(at)
        series = (c[:, :ORDER] - 1j * c[:, ORDER:])[0]
        return np.abs(series[:3]), np.angle(series[1:3] * series[0].conj() ** np.array([2, 3]))

    np.testing.assert_allclose(invariants(found)[0], invariants(planted)[0], atol=0.01)
    np.testing.assert_allclose(invariants(found)[1], invariants(planted)[1], atol=0.08)
    np.testing.assert_allclose(np.trace(found.covariance[:3, :3]), np.trace(planted.covariance[:3, :3]), rtol=0.35)


def test_relations_are_the_published_ones():
    terms = {"period": np.array([0.6]), "phi31": np.array([2.0]), "a2": np.array([0.03])}
    assert relations()["muraveva2025_rrab"].value(terms) == pytest.approx(-0.37 - 5.55 * 0.6 + 0.94 * 2.0)
    assert relations()["muraveva2025_rrc"].value(terms) == pytest.approx(0.80 - 8.54 * 0.6 + 0.23 * 2 - 9.34 * 0.03)
    assert relations()["inaf_rrab"].measurement_error({"phi31": np.array([0.1])}) == pytest.approx(0.093)
    with pytest.raises(InputError, match="no relation 'muraveva2025_rrc' of feh for RRab"):
        relation_named("muraveva2025_rrc", "RRab")


def test_modes_are_told_and_every_answer_has_its_parts():
    ab, c = drawn(60, 4), drawn(60, 5, "RRc")
    lcs = LightCurves.concatenate([ab[0], c[0]])
    rows = Metallicities()(table_of(lcs, np.r_[ab[1], c[1]])).to_pylist()
    assert np.mean([row["mode"] == "RRab" for row in rows[:60]]) > 0.95
    assert np.mean([row["mode"] == "RRc" for row in rows[60:]]) > 0.95
    for row in rows:
        parts = [row[f"feh_error_{part}"] for part in ("measurement", "model", "scale", "zero_point")]
        assert row["feh_error"] == pytest.approx(np.sqrt(np.sum(np.square(parts))))
        assert row["feh_low_90"] < row["feh_low_68"] < row["feh"] < row["feh_high_68"] < row["feh_high_90"]
        if row["mode"] == "RRc":
            assert (row["feh_from"], row["feh_regression"]) == ("relation", None)
            assert "no RRc to train on" in row["reason"]
        elif not row["extrapolated"]:
            assert row["feh_from"] == "regression"
    close = [row for row in rows[:60] if row["phi31_error"] is not None and row["phi31_error"] < 0.5]
    for row in close:
        expected = -0.37 - 5.55 * row["pulsation_period"] + 0.94 * row["phi31"]
        assert row["feh_relation"] == pytest.approx(expected)


def test_the_scale_and_the_preference_are_a_choice():
    lcs, period, _ = drawn(20, 6)
    table = table_of(lcs, period)
    spectroscopic, labels, relation = (
        Metallicities(choice=choice)(table).to_pylist()
        for choice in (Choice(), Choice(scale="labels"), Choice(prefer="relation"))
    )
    line = RRLyraeModel.load("gaia_g").card.scale["spectroscopic"]
    for one, two, three in zip(spectroscopic, labels, relation, strict=True):
        if one["feh_from"] == "regression":
            assert two["feh"] == two["feh_regression"] == one["feh_regression"]
            assert one["feh"] == pytest.approx(line["constant"] + line["slope"] * two["feh"])
            assert one["feh_scale"] != two["feh_scale"]
        assert (three["feh"], three["feh_from"]) == (three["feh_relation"], "relation")
    with pytest.raises(InputError, match="none of regression, trees, network, relation"):
        Choice(prefer="best")


def test_few_observations_take_the_denoised_phase_and_name_the_searched_period():
    lcs, period, _ = drawn(30, 14, each=16)
    table = table_of(lcs, period, p=period)
    for row in Metallicities(period="p")(table).to_pylist():
        if row["mode"] == "RRab":
            expected = -0.37 - 5.55 * row["pulsation_period"] + 0.94 * row["denoised_phi31"]
            assert row["feh_relation"] == pytest.approx(expected)
        assert "searched" not in (row["reason"] or "")
    assert all("period searched in 16 observations" in row["reason"] for row in Metallicities()(table).to_pylist())


def test_trees_and_network_answer_beside_the_regression_and_travel_in_one_folder(tmp_path, monkeypatch):
    lcs, period, _ = drawn(120, 13)
    shipped = RRLyraeModel.load("gaia_g")
    parameters = FourierParameters.of(
        shipped.populations["RRab"].denoise(SeriesEquations.of(clean(lcs), period), period)
    )
    rng = np.random.default_rng(1)
    feh = -0.37 - 5.55 * period + 0.94 * parameters.phases[:, 1] + rng.normal(0, 0.05, 120)
    place = rng.integers(0, 12 << 58, 120)
    network = train_network(lcs, period, parameters, feh, place, tmp_path / "n", network="transformer", epochs=1)
    stars = (shipped.populations, lcs, period, feh, place, shipped.card)
    grid = [Kernel(noise=10.0), Kernel(noise=0.02)]
    refused = train_metallicities(*stars, [network], grid)
    figures = refused.card.metrics["fidelity, folds of the sky"]
    assert refused.network is None
    assert "dex worse than the best answer, more than 0.01" in figures["network transformer"]["shipped"]
    assert figures["regression"]["rmse"] < figures["network transformer"]["rmse"]
    chosen = refused.card.metrics["kernel of the regression"]
    assert (chosen["kernel"]["noise"], chosen["trials"]) == (0.02, 2)
    assert chosen["chosen on"]["n"] + chosen["judged on"]["n"] == 120
    monkeypatch.setattr(training, "WORSE", 10.0)
    train_metallicities(*stars, [network], grid).save(tmp_path / "m")
    preferred = {
        name: Metallicities(str(tmp_path / "m"), choice=Choice(prefer=name))(table_of(lcs, period)).to_pandas()
        for name in ("regression", "trees", "network")
    }
    answers, _ = by_network(network, lcs, period, parameters)
    np.testing.assert_allclose(preferred["regression"].feh_network, answers[0], atol=1e-4)
    for name, found in preferred.items():
        if name != "regression":
            use = found.feh_from == name
            assert use.mean() > 0.9
            assert (found.feh == found[f"feh_{name}"])[use].all()
            assert (found.feh_error_scale[use] == shipped.card.scale["error"]).all()
    trees = preferred["trees"]
    assert np.sqrt(np.mean((trees.feh_trees - feh) ** 2)) < 0.6 * np.std(feh)


@pytest.mark.parametrize(
    ("change", "reason", "answered"),
    [
        ("few", "11 observations usable, 12 needed", False),
        ("gap", "no observation over", True),
        ("eclipsing", "class EW is neither RRab nor RRc", False),
        ("period", "period of 3 d is none of an RR Lyrae star", False),
        ("none", "no period", False),
        ("scatter", "Blazhko effect", True),
    ],
)
def test_bad_light_curves_have_a_reason(change, reason, answered):
    lcs, period, _ = drawn(3, 7)
    owner, phase = lcs.object_index(), lcs.time / np.repeat(period, lcs.counts) % 1
    mag, label = lcs.mag.copy(), ["RR", None, "RRAB"]
    if change == "few":
        lcs = lcs.keep((owner != 1) | (np.arange(lcs.time.size) < lcs.offsets[1] + 11))
    elif change == "gap":
        lcs = lcs.keep((owner != 1) | (phase < 0.5))
    elif change == "eclipsing":
        label[1] = "EW"
    elif change == "period":
        period[1] = 3.0
    elif change == "none":
        period[1] = np.nan
    else:
        mag[owner == 1] += np.random.default_rng(0).normal(0, 0.3, 60)
        lcs = LightCurves(lcs.time, mag, lcs.mag_err, lcs.offsets)
    table = table_of(lcs, period, label=pa.array(label, pa.string()))
    good, bad, _ = Metallicities(mode="label")(table).to_pylist()
    assert good["reason"] is None
    assert reason in bad["reason"]
    assert (bad["feh"] is not None) is answered
    if answered:
        assert bad["feh_error"] > good["feh_error"]


def test_twice_the_period_is_put_right_where_it_was_searched_and_named_where_it_was_given():
    lcs, period, _ = drawn(12, 8)
    period = np.where(2 * period < 1.04, 2 * period, period)
    wrong = period > 0.7
    assert wrong.sum() >= 2
    searched = Metallicities()(table_of(lcs, period)).to_pylist()
    given = Metallicities(period="p")(table_of(lcs, period, p=period)).to_pylist()
    for i in np.flatnonzero(wrong):
        assert searched[i]["pulsation_period"] == pytest.approx(period[i] / 2)
        assert given[i]["pulsation_period"] == period[i]
        assert f"at a period of {period[i] / 2:.6f} d" in given[i]["reason"]


def test_magnitudes_without_errors_are_light_curves_too():
    lcs, period, _ = drawn(30, 9)
    without = LightCurves(lcs.time, lcs.mag, np.full(lcs.time.size, np.nan), lcs.offsets)
    known, unknown = (np.array(Metallicities()(table_of(each, period))["feh"]) for each in (lcs, without))
    assert np.abs(known - unknown).max() < 0.15


def test_steps_depend_on_no_neighbour_and_say_what_they_are():
    lcs, period, _ = drawn(10, 10)
    table = table_of(lcs, period)
    whole = FourierPopulation()(table)
    apart = pa.concat_tables([FourierPopulation()(table.slice(0, 4)), FourierPopulation()(table.slice(4))])
    for name in ("denoised_phi31", "prob_rrab"):
        np.testing.assert_allclose(whole[name].to_numpy(), apart[name].to_numpy(), rtol=1e-6)
    assert whole.schema.equals(FourierPopulation().schema(table.schema))
    assert FourierPopulation().fingerprint() != FourierPopulation(mode="label").fingerprint()
    named = table.schema.set(0, table.schema.field(0).with_metadata({"bands": "V"}))
    with pytest.raises(InputError, match="catalog has V"):
        FourierPopulation().schema(named)


def test_a_damaged_model_is_refused(tmp_path):
    RRLyraeModel.load("gaia_g").save(tmp_path / "m")
    again = RRLyraeModel.load(str(tmp_path / "m"))
    assert again.card.metrics == RRLyraeModel.load("gaia_g").card.metrics
    weights = tmp_path / "m" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    _load.cache_clear()  # what was read once is not read again
    with pytest.raises(ModelError, match="hash differs"):
        RRLyraeModel.load(str(tmp_path / "m"))


def test_the_command_writes_the_catalogue_and_pages_show_it(lake, tmp_path):
    lcs, period, _ = drawn(24, 11)
    rng = np.random.default_rng(0)
    ra, dec = rng.uniform(0, 360, 24), rng.uniform(-80, 80, 24)
    index, nested = compute_spatial_index(ra, dec), lcs.to_arrow()
    table = pa.table({HEALPIX_COLUMN: index, "object_id": np.arange(24), "ra": ra, "dec": dec, "pf": period})
    table = table.append_column(pa.field("lightcurve", nested.type, metadata={"bands": "G"}), nested)
    put(lake, "rr", table.take(pa.array(np.argsort(index))), order=0)
    said = CliRunner().invoke(app, ["metallicity", "rr", "--lake", str(lake.root), "--period", "pf"])
    assert said.exit_code == 0, said.output
    assert "[Fe/H] of 24 of 24 stars" in said.output
    made = lake["rrlyrae_metallicities"]
    assert {"object_id", "ra", "dec", "pf", "n_observations", "feh", "reason", "model_id"} <= set(made.column_names)
    assert made.schema.field("feh").metadata[b"unit"] == b"dex"
    given = {row["object_id"]: row["pulsation_period"] for row in made.to_arrow().to_pylist()}
    assert given == dict(enumerate(period.tolist()))
    found = CliRunner().invoke(app, ["distances", "--lake", str(lake.root)])
    assert found.exit_code == 0, found.output
    report = write_report(lake, tmp_path / "report.html").read_text("utf-8")
    assert report.count("Validation of the model gaia_g") == 1, "two catalogues of one model"
    for told in ("24 of 24 stars have [Fe/H]", "24 stars have distances", "Fidelity to another formula", "Corner plot"):
        assert told in report
    assert report.index("Fidelity to another formula") < report.index("Accuracy against spectroscopy")
    row = made.to_arrow().filter(pc.equal(made.to_arrow()["object_id"], 3)).to_pylist()[0]
    page = show(lake, 3, tmp_path / "star.html", name="rrlyrae_metallicities").read_text("utf-8")
    assert f"[Fe/H] = {row['feh']:.2f} ± {row['feh_error']:.2f} dex" in page
    assert "Line: the denoised Fourier series" in page
    curve = fold(
        LightCurves.from_arrow(lake["rr"].to_arrow().filter(pc.equal(lake["rr"].to_arrow()["object_id"], 3))),
        {**row, "period": row["pulsation_period"]},
        "",
        "",
    )
    drawn_with = with_series(curve, lcs.take(np.array([3])), row, RRLyraeModel.load("gaia_g"))
    at = np.interp(curve.phase, *drawn_with.series, period=1)
    assert np.std(curve.value - at) < 2 * ERROR


def test_distances_of_cepheids_by_one_wesenheit_relation():
    relation = relations()["lmc_cepheids_wg_f"]
    period = np.array([3.0, 10.0, np.nan, -1.0])
    absolute = -2.415 - 3.423 * np.log10(np.abs(period))
    table = pa.table({"p": period, "w": absolute + 18.5})
    rows = Distances((relation.name,), "w", period="p")(table).to_pylist()
    assert [row["distance_reason"] for row in rows] == [None, None, "no period", "no period"]
    for row in rows[:2]:
        assert row["distance_modulus"] == pytest.approx(18.5)
        assert 0.09 < row["distance_modulus_error"] < 0.13
        assert row["distance_relation"] == relation.name
    assert rows[2]["distance"] is None
    with pytest.raises(InputError, match="colours tell the reddening of RRab"):
        Distances((relation.name,), "w", colour="bp_rp", period="p")


def test_intrinsic_colours_tell_the_reddening():
    table = with_metallicities()
    ab = np.array(table["mode"].to_pylist()) == "RRab"
    intrinsic = np.where(ab, 0.696 + 0.685 * np.log10(0.6), 0.695 + 0.599 * np.log10(0.6))
    scatter = np.random.default_rng(3).normal(0, 0.07, len(table))
    table = table.append_column("bp_rp", pa.array(intrinsic + 1.339 * 0.1 + scatter))
    found = Distances(colour="bp_rp")(table).to_pandas()
    known = Distances(reddening="ebv")(table).to_pandas()
    assert found.extinction.mean() == pytest.approx(0.274, abs=0.04)
    assert (found.distance_modulus_error > known.distance_modulus_error).all()
    assert found.distance_reason.isna().all()
    with pytest.raises(InputError, match="in place of a column"):
        Distances(reddening="ebv", colour="bp_rp")


def with_metallicities(n=200, seed=12):
    """A table as `Metallicities` leaves it, of stars at 10 kpc behind E(B−V) = 0.1 with M_G = 0.32 [Fe/H] + 1.11."""
    rng = np.random.default_rng(seed)
    feh, error = rng.normal(-1.5, 0.4, n), np.full(n, 0.2)
    absolute = 0.32 * rng.normal(feh, error) + 1.11 + rng.normal(0, 0.1, n)
    mean = absolute + 15 + 2.74 * 0.1 + rng.normal(0, 0.02, n)
    named = {"feh": feh, "feh_error": error, "pulsation_period": np.full(n, 0.6), "mode": ["RRab", "RRc"] * (n // 2)}
    return pa.table({**named, "mean": mean, "ebv": np.full(n, 0.1)})


def test_distances_are_those_of_the_relation_and_their_errors_hold():
    table = with_metallicities()
    found = Distances(reddening="ebv")(table).to_pandas()
    np.testing.assert_allclose(found.absolute_magnitude, 0.32 * found.feh + 1.11)
    np.testing.assert_allclose(found.distance, 10 ** ((found["mean"] - 0.274 - found.absolute_magnitude) / 5 - 2))
    assert found.distance.median() == pytest.approx(10, rel=0.02)
    assert (
        0.6 < ((found.distance_low < 10) & (found.distance_high > 10)).mean() < 0.9
    )  # the zero point's error is shared
    assert found.distance_reason.isna().all()
    without = Distances()(table.drop_columns("ebv")).to_pandas()
    assert (without.distance_reason == "extinction not corrected").all()
    np.testing.assert_allclose(without.distance_modulus - found.distance_modulus, 0.274)


def test_a_star_without_metallicity_or_magnitude_has_no_distance():
    table = with_metallicities(4)
    feh, mean = table["feh"].to_pylist(), table["mean"].to_pylist()
    feh[0], mean[1] = None, None
    table = table.set_column(0, "feh", pa.array(feh)).set_column(4, "mean", pa.array(mean))
    rows = Distances(reddening="ebv")(table).to_pylist()
    assert [row["distance_reason"] for row in rows] == ["no [Fe/H]", "no mean", None, None]
    assert [row["distance"] is None for row in rows] == [True, True, False, False]
    with pytest.raises(InputError, match="several bands"):
        Distances(("muraveva2018_g", "neeley2017_w1_rrc"))

"""Completeness by injected signals: what is injected, counted, resumed and joined, against counts on other stars."""

from __future__ import annotations

import shutil
from time import perf_counter

import numpy as np
import pyarrow as pa
import pytest
from pipelines import hasty_model
from skies import put
from typer.testing import CliRunner

from lcscale.cli import app
from lcscale.engine import Ledger
from lcscale.errors import InputError
from lcscale.lake import HEALPIX_COLUMN, spatial_index
from lcscale.lightcurves import LightCurves
from lcscale.models import load
from lcscale.periods import FrequencyGrid, find
from lcscale.products import variable_candidates
from lcscale.products.class_period import cycle_of
from lcscale.products.completeness import (
    Bins,
    Inject,
    JoinCompleteness,
    Recovered,
    completeness_table,
    measure_completeness,
    plan_completeness,
    with_completeness,
    write_completeness,
)
from lcscale.products.completeness.columns import JOINED
from lcscale.products.completeness.counting import KEYS
from lcscale.products.completeness.joining import ENOUGH, amplitudes
from lcscale.products.completeness.measuring import outside_ranges
from lcscale.products.completeness.planning import MOST_EACH
from lcscale.refresh import Pipeline
from lcscale.simulation.injection import SignalClass, read_signals
from lcscale.simulation.synthesis import synthesize

SIGNALS = (SignalClass("RRab", (0.4, 0.9), (0.1, 1.0)), SignalClass("EW", (0.25, 0.6), (0.1, 0.8)))


def constant_stars(n, seed=1, n_observations=(40, 60), baseline=250.0, spread=3.0):
    """Constant stars of two bands in a field, as a table."""
    made = synthesize(["CONST"] * n, seed, n_observations=n_observations, baseline_days=baseline)
    rng = np.random.default_rng(seed)
    ra, dec = rng.normal(180, spread, n), rng.normal(30, spread, n)
    nested = made.lcs.to_arrow()
    table = pa.table(
        {HEALPIX_COLUMN: spatial_index(ra, dec), "object_id": [f"C{i:03d}" for i in range(n)], "ra": ra, "dec": dec}
    )
    table = table.append_column(pa.field("lightcurve", nested.type, metadata={"bands": "g,r"}), nested)
    return table.sort_by(HEALPIX_COLUMN)


def test_a_signal_changes_magnitudes_by_its_amplitude_and_nothing_else():
    table = constant_stars(20)
    quiet = LightCurves.from_arrow(table)
    level = np.where(np.asarray(quiet.band) == 0, 16.0, 15.5).astype(np.float32)
    flat = LightCurves(quiet.time, level, quiet.mag_err, quiet.offsets, quiet.band, quiet.bands)
    table = table.set_column(4, table.schema.field(4), flat.to_arrow())
    found = Inject(SIGNALS, "g", each=3, seed=2)(table)
    assert found.schema == Inject(SIGNALS, "g", each=3, seed=2).schema(table.schema)
    lcs = LightCurves.from_arrow(found)
    assert len(lcs) == 60
    np.testing.assert_array_equal(lcs.time, flat.take(np.repeat(np.arange(20), 3)).time)
    np.testing.assert_array_equal(lcs.mag_err, flat.take(np.repeat(np.arange(20), 3)).mag_err)
    phase = lcs.fold(found["injected_period"].to_numpy())
    wanted, kinds = found["injected_amplitude"].to_numpy(), found["injected_class"].to_pylist()
    for i in range(60):
        rows = np.arange(lcs.offsets[i], lcs.offsets[i + 1])
        rows = rows[lcs.band[rows] == lcs.bands.index("g")]
        amplitude = np.ptp(lcs.mag[rows])
        gap = np.diff(np.sort(phase[rows]), append=1 + phase[rows].min()).max()
        assert amplitude < 1.01 * wanted[i] + 1e-5
        assert amplitude > (0.9 if gap < 0.08 else 0.3) * wanted[i] or kinds[i] == "EW"
    assert set(kinds) == {"RRab", "EW"}
    assert len(set(found["injected_period"].to_pylist())) == 60


def test_what_is_injected_into_a_star_depends_on_no_other():
    table = constant_stars(12)
    step = Inject(SIGNALS, "g", each=2, seed=1)
    one_by_one = pa.concat_tables([step(table.slice(i, 1)) for i in range(12)]).combine_chunks()
    assert step(table).combine_chunks().equals(one_by_one)
    assert step(table.slice(0, 0)).equals(one_by_one.slice(0, 0)), "a partition without constant stars"
    stars = table["lightcurve"].to_pylist()
    stars[0]["band"] = ["G" if k % 3 else name for k, name in enumerate(stars[0]["band"])]  # a band that others lack
    field = pa.field("lightcurve", table.schema.field("lightcurve").type, metadata={"bands": "G,g,r"})
    other = step(table.set_column(4, field, pa.array(stars, field.type))).slice(2)
    assert other["lightcurve"].combine_chunks().equals(one_by_one["lightcurve"].slice(2).combine_chunks())
    assert not Inject(SIGNALS, "g", each=2, seed=2)(table)["injected_period"].equals(one_by_one["injected_period"])


def test_fluxes_vary_about_their_mean_as_magnitudes_do_and_keep_their_noise():
    table = constant_stars(30)
    in_fluxes = LightCurves.from_arrow(table).in_fluxes()
    field = pa.field("lightcurve", in_fluxes.to_arrow().type, metadata={"bands": "g,r", "unit": "flux: nJy"})
    other = table.set_column(4, field, in_fluxes.to_arrow())
    step = Inject(SIGNALS, "g")
    found, expected = (LightCurves.from_arrow(step(each)) for each in (other, table))
    np.testing.assert_allclose(found.flux_err, in_fluxes.flux_err)
    magnitudes = -2.5 * np.log10(found.flux) + 31.4
    bright = expected.mag_err < 0.02
    np.testing.assert_allclose(magnitudes[bright], expected.mag[bright], atol=0.09)
    mags = [step(each)["injected_mag"].to_numpy() for each in (other, table)]
    np.testing.assert_allclose(*mags, atol=0.02)


def test_pulsating_stars_get_the_colours_of_their_family():
    """Of RR Lyrae stars g - r is 0.22 without dust (Stripe 82), whatever the star's own; binaries keep theirs."""
    table = constant_stars(60)
    before = LightCurves.from_arrow(table)
    rows, colours = {}, {}
    for signal in SIGNALS:
        found = Inject((signal,), "g", seed=5)(table)
        rows[signal.name] = LightCurves.from_arrow(found)
    for name, lcs in (("own", before), *rows.items()):
        means = [lcs.select_band(band).mean_mag for band in "gr"]
        colours[name] = means[0] - means[1]
    assert np.median(colours["RRab"]) == pytest.approx(0.22, abs=0.15)
    assert np.std(colours["RRab"]) < 0.25
    np.testing.assert_allclose(colours["EW"], colours["own"], atol=0.15)


def test_the_table_counts_as_a_loop_over_all_signals_does():
    rng, n = np.random.default_rng(0), 3000
    injected = pa.table(
        {
            HEALPIX_COLUMN: spatial_index(rng.uniform(0, 40, n), rng.uniform(-20, 20, n)),
            "injected_class": rng.choice(["RRab", "EA"], n),
            "injected_period": 10 ** rng.uniform(-1, 2, n),
            "injected_amplitude": 10 ** rng.uniform(-2.2, 0.5, n),
            "injected_mag": rng.uniform(12, 18, n),
            "period_right": rng.random(n) < 0.7,
            "class_right": rng.random(n) < 0.6,
            "doubt": pa.array([None if each < 0.8 else "alias" for each in rng.random(n)], pa.string()),
        }
    )
    bins = Bins(2, mag=(13.0, 15.0, 17.0), period=(0.1, 1.0, 10.0), amplitude=(0.01, 0.3, 3.0))
    rows = completeness_table(injected, bins).to_pylist()
    assert sum(row["n_injected"] for row in rows) < n
    signals = injected.to_pylist()
    for row in rows[::5]:
        mine = [
            each
            for each in signals
            if each[HEALPIX_COLUMN] >> 54 == row["cell"]
            and each["injected_class"] == row["injected_class"]
            and all(
                row[f"{name}_low"] <= each[f"injected_{name}"] < row[f"{name}_high"]
                for name in ("mag", "period", "amplitude")
            )
        ]
        both = [each for each in mine if each["period_right"] and each["class_right"]]
        assert (row["n_injected"], row["n_recovered"]) == (len(mine), len(both))
        assert row["n_period"] == sum(each["period_right"] for each in mine)
        assert row["n_sure"] == sum(each["doubt"] is None for each in both)
        p, k, z = len(both) / len(mine), len(mine), 1.959963984540054
        middle, half = p + z * z / (2 * k), z * np.sqrt(p * (1 - p) / k + z * z / (4 * k * k))  # Wilson 1927
        assert row["low_recovered"] == pytest.approx((middle - half) / (1 + z * z / k), abs=1e-9)
        assert row["high_recovered"] == pytest.approx((middle + half) / (1 + z * z / k), abs=1e-9)


def test_the_table_agrees_with_a_direct_count_on_other_stars(lake):
    """Half of the stars goes through the job; the other half through the search and the model, one by one, here."""
    table = constant_stars(480, n_observations=(60, 90), baseline=800.0)
    own, others = table.slice(0, 480).filter(pa.array(np.arange(480) % 2 == 0)), table.filter(np.arange(480) % 2 == 1)
    stars = put(lake, "stars", own, order=2)
    plan = plan_completeness(stars, "demo", signals=SIGNALS, n=230, band="g")
    assert plan.each == 1
    assert 0.9 < plan.constant <= 1.0
    measure_completeness(plan, lake, bins=Bins(0))
    rows = lake["completeness"].to_arrow().to_pylist()

    injected = Inject(SIGNALS, "g", seed=99)(others)
    lcs = LightCurves.from_arrow(injected)
    found = find(lcs)
    period = found["period"].to_numpy(zero_copy_only=False)
    numbers = {"period_2": found["period_2"].to_numpy(zero_copy_only=False)}
    model = load("demo")
    best = model.predict_proba(lcs, period, bands=("g", "r"), columns=numbers if model.card.preparation.columns else {})
    given = np.array(model.classes)[best.argmax(axis=1)]
    truth, wanted = np.array(injected["injected_class"].to_pylist()), injected["injected_period"].to_numpy()
    for name in ("RRab", "EW"):
        mine = [row for row in rows if row["injected_class"] == name]
        n, right = (sum(row[key] for row in mine) for key in ("n_injected", "n_recovered"))
        factor = {"pulsation": (1.0,), "orbit": (1.0, 2.0)}[cycle_of(name)]
        of = truth == name
        same = np.min([np.abs(each * period / wanted - 1) for each in factor], axis=0) < 3e-3
        direct = (same & (given == name))[of]
        share, spread = direct.mean(), np.sqrt(0.25 * (1 / n + 1 / direct.size))
        assert n > 80
        assert 0.05 < share < 0.98
        assert abs(right / n - share) < 2.6 * spread, (name, right, n, share)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return hasty_model(tmp_path_factory.mktemp("model") / "hasty")


@pytest.fixture
def stars(lake):
    return put(lake, "stars", constant_stars(60, n_observations=(12, 20), spread=20.0), order=3)


@pytest.mark.slow
def test_every_engine_writes_the_same_table_and_what_was_stopped_goes_on(lake, stars, model, monkeypatch):
    plan = plan_completeness(stars, model, signals=SIGNALS, n=100)
    assert plan.each == 2
    assert "2 in each" in plan.text
    assert "of one core" in plan.text
    done = []
    apply = Recovered.__call__

    def stopped(self, table):
        done.append(len(table))
        if len(done) > 3:
            raise KeyboardInterrupt
        return apply(self, table)

    monkeypatch.setattr(Recovered, "__call__", stopped)
    with pytest.raises(KeyboardInterrupt):
        measure_completeness(plan, lake, "serial", engine="serial")
    monkeypatch.undo()
    assert "serial" not in lake
    folder = next((lake.root / "serial_injections").glob("v1-*"))
    kept = len(Ledger(folder / "ledger").done())
    assert kept >= 1
    record = measure_completeness(plan, lake, "serial", engine="serial")
    assert (record.skipped, record.exit_status) == (kept, 0)
    again = measure_completeness(plan, lake, "serial", engine="serial")
    assert again.skipped == len(list(stars.partitions))
    expected = lake["serial"].to_arrow()
    assert expected["n_injected"].to_numpy().sum() == lake["serial_injections"].to_arrow().num_rows > 80
    engines = {"local": "local:2"} | ({"spark": "spark"} if shutil.which("java") else {})
    for name, engine in engines.items():
        measure_completeness(plan, lake, name, engine=engine)
        assert lake[name].to_arrow().equals(expected), name
    assert [each.name for each in lake["serial"].inputs] == ["serial_injections"]
    finer = write_completeness(lake, "finer", lake["serial_injections"], Bins(8))
    assert len(finer) > len(lake["serial"])


def test_variable_stars_get_no_signal(lake, model):
    made = synthesize(["RRab", "QSO"] * 20, 3, n_observations=(60, 90), baseline_days=300.0)
    table, nested = constant_stars(40), made.lcs.to_arrow()
    table = table.set_column(4, pa.field("lightcurve", nested.type, metadata={"bands": "g,r"}), nested)
    table = table.set_column(1, "object_id", pa.array([f"V{i:03d}" for i in range(40)]))
    variable = put(lake, "variable", table, order=0)
    with pytest.raises(InputError, match="none of 40 stars looked at is constant"):
        plan_completeness(variable, model, signals=SIGNALS, n=10)
    both = pa.concat_tables([table, constant_stars(40, 2, (60, 90))]).sort_by(HEALPIX_COLUMN)
    mixed = put(lake, "mixed", both, order=0)
    names = set(plan_completeness(mixed, model, signals=SIGNALS, n=1000).injected.to_arrow()["object_id"].to_pylist())
    assert len({name for name in names if name.startswith("C")}) >= 30
    assert {name for name in names if name.startswith("V")} == set()


def test_evidence_that_is_there_is_not_searched_anew(lake, stars, model):
    from lcscale.periods import Search

    stars.map(Search(FrequencyGrid(0.1, 3.0, 0.01))).write("searched")
    plan = plan_completeness(lake["searched"], model, signals=SIGNALS, n=20)
    assert sum(isinstance(step, Search) for step in plan.injected.steps) == 1
    rows = lake["searched"].columns("evidence", "coupling").to_pandas()
    cut = np.where(rows.coupling.fillna("free") == "free", 5.0, 26.0)
    assert plan.constant == np.mean(rows.evidence.isna() | (rows.evidence <= cut)), "all rows are counted, not a few"
    assert sum(isinstance(step, Search) for step in plan_completeness(stars, model, n=20).injected.steps) == 2


def test_candidates_get_the_completeness_of_stars_like_them(lake, model):
    made = synthesize(["RRab", "EW"] * 8, 5, n_observations=(60, 90), baseline_days=300.0)
    table, nested = constant_stars(16), made.lcs.to_arrow()
    table = table.set_column(4, pa.field("lightcurve", nested.type, metadata={"bands": "g,r"}), nested)
    survey = put(lake, "survey", table, order=0)
    variable_candidates(survey, model).write("candidates")
    put(lake, "stars", constant_stars(80, 2, (30, 50)), order=2)
    plan = plan_completeness(lake["stars"], model, signals=SIGNALS, n=240, band="g")
    measure_completeness(plan, lake)
    joined = with_completeness(lake["candidates"], lake["completeness"])
    record = joined.write("joined")
    assert record.rows == 16
    rows = lake["joined"].to_arrow().to_pylist()
    counted = lake["completeness"].to_arrow().to_pylist()
    for row in rows:
        if row["class"] not in ("RRab", "EW"):
            assert row["completeness"] is None
            continue
        keys = row["completeness_of"].split(", ")
        assert keys == list(KEYS[: len(keys)])
        if keys == ["class"]:
            mine = [each for each in counted if each["injected_class"] == row["class"]]
            assert row["completeness_n"] == sum(each["n_injected"] for each in mine)
        assert row["completeness_low"] <= row["completeness"] <= row["completeness_high"]
        assert row["completeness_n"] >= ENOUGH or keys == ["class"]
    with pytest.raises(InputError, match="no table of completeness"):
        with_completeness(lake["candidates"], lake["stars"])
    with pytest.raises(InputError, match="holds no candidates: no class or period"):
        with_completeness(lake["stars"], lake["completeness"])
    injected = lake["completeness_injections"]
    assert outside_ranges(lake["completeness"], injected) == 0
    periods = injected.columns("injected_period").to_pandas().injected_period
    short = write_completeness(lake, "short", injected, Bins(period=(0.1, 0.5)))
    assert outside_ranges(short, injected) == (periods >= 0.5).sum() > 0
    with pytest.raises(InputError, match=f"none of the {len(injected)} signals of completeness_injections lies in"):
        write_completeness(lake, "empty", injected, Bins(mag=(5.0, 6.0)))


def test_a_faint_candidate_of_fluxes_has_the_magnitude_that_an_injected_star_has():
    """Its mean flux: magnitudes of single observations, some of them negative, have another mean."""
    rng, n = np.random.default_rng(4), 20
    flux = rng.normal(100.0, 150.0, (n, 400)).astype(np.float32)  # nJy: 26.40 mag
    nested = pa.array(
        [{"time": np.sort(rng.uniform(0, 100, 400)), "flux": row, "flux_err": np.full(400, 150.0)} for row in flux],
        pa.struct([(name, pa.list_(pa.float64())) for name in ("time", "flux", "flux_err")]),
    )
    field = pa.field("lightcurve", nested.type, metadata={"unit": "flux: nJy"})
    place = pa.array(spatial_index(np.full(n, 10.0), np.full(n, 10.0)))
    table = pa.table([place, ["RRab"] * n, [0.5] * n], names=[HEALPIX_COLUMN, "class", "period"])
    table = table.append_column(field, nested)
    injected = Inject(SIGNALS[:1])(table.select([HEALPIX_COLUMN, "lightcurve"]))
    injected = injected.append_column("period_right", pa.array([True] * n)).append_column(
        "class_right", pa.array([True] * n)
    )
    counted = completeness_table(injected, Bins(0, mag=tuple(np.arange(20.0, 30.0, 0.5)), amplitude=(0.01, 9.0)))
    by_mag = {row["mag_low"]: 0 for row in counted.to_pylist()}
    assert set(by_mag) <= {26.0, 26.5}
    for row in JoinCompleteness(pa.concat_tables([counted] * ENOUGH))(table).to_pylist():
        assert row["completeness_of"].startswith("class, mag")


def test_a_candidate_is_told_of_its_own_ranges_first():
    n = 400
    index = spatial_index(np.full(n, 10.0), np.full(n, 10.0))
    near = np.arange(n) < 200
    injected = pa.table(
        {
            HEALPIX_COLUMN: index,
            "injected_class": ["RRab"] * n,
            "injected_period": np.where(np.arange(n) % 2, 0.5, 2.0),
            "injected_amplitude": np.full(n, 0.5),
            "injected_mag": np.where(near, 15.5, 18.5),
            "period_right": near,
            "class_right": [True] * n,
            "doubt": pa.nulls(n, pa.string()),
        }
    )
    time = np.tile(np.arange(40) * 0.137, 2)
    mag = np.repeat([15.5, 18.5], 40) + 0.25 * np.cos(2 * np.pi * time / 0.5)
    lcs = LightCurves(time, mag.astype(np.float32), np.full(80, 0.01, np.float32), [0, 40, 80])
    np.testing.assert_allclose(amplitudes(lcs, np.full(2, 0.5), None), 0.5, rtol=0.02)
    table = pa.table(
        {HEALPIX_COLUMN: [int(index[0]), 0], "class": ["RRab"] * 2, "period": [0.5, 0.5], "lightcurve": lcs.to_arrow()}
    )
    first, second = JoinCompleteness(completeness_table(injected, Bins(3)))(table).to_pylist()
    assert [first[each.name] for each in (JOINED[0], *JOINED[3:])] == [1.0, 100, "class, mag, amplitude, period, cell"]
    assert [second[each.name] for each in (JOINED[0], *JOINED[3:])] == [0.0, 100, "class, mag, amplitude, period"]


def test_the_command_says_the_cost_first_and_writes_table_and_page(lake, stars, model, tmp_path):
    signals = tmp_path / "signals.toml"
    ranges = "period = [0.4, 0.9]\namplitude = [0.1, 1.0]\n"
    signals.write_text(f"[RRab]\n{ranges}[EA]\n{ranges}")
    where = ["completeness", "stars", "--lake", str(lake.root), "--model", str(model), "--signals", str(signals)]
    where += ["--signals-wanted", "60"]
    run = CliRunner().invoke(app, [*where, "--cost"])
    assert run.exit_code == 0
    assert "of one core" in run.output
    assert "completeness" not in lake
    page = tmp_path / "page.html"
    run = CliRunner().invoke(app, [*where, "--report", str(page), "--class", "EA"])
    assert run.exit_code == 0, run.output
    assert set(lake["completeness"].to_arrow()["injected_class"].to_pylist()) == {"EA"}
    text = page.read_text()
    assert text.count("<svg") == 4
    assert "recovered" in text
    wrong = CliRunner().invoke(app, [*where, "--class", "RRc"])
    assert isinstance(wrong.exception, InputError)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[LPV]\nperiod = [1, 2]\namplitude = [0.1, 1]\n", "no periodic signal of the class 'LPV'"),
        ("[EA]\nperiod = [2, 1]\namplitude = [0.1, 1]\n", "EA: period is a range"),
        ("[EA]\nperiod = [1, 2]\n", "cannot read the signals"),
        ("", "declares no signals"),
    ],
)
def test_wrong_declarations_are_told(tmp_path, text, said):
    path = tmp_path / "signals.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_signals(path)


def test_no_star_gets_more_signals_than_tell_of_the_catalog(stars, model):
    plan = plan_completeness(stars, model, signals=SIGNALS, n=10**6)
    assert plan.each == MOST_EACH
    assert plan.signals <= MOST_EACH * len(stars)
    assert f"{MOST_EACH} in each (no star gets more)" in plan.text


def test_what_cannot_work_is_refused_at_once(stars, model):
    with pytest.raises(InputError, match="gives no classes of periodic stars"):
        plan_completeness(stars, "alerts")
    with pytest.raises(InputError, match="has no class for ACEP"):
        plan_completeness(stars, model, signals=[SignalClass("ACEP", (0.5, 1.0), (0.1, 0.2))])
    with pytest.raises(InputError, match="1 signal or more"):
        plan_completeness(stars, model, n=0)
    with pytest.raises(InputError, match="growing numbers"):
        Bins(mag=(3.0, 2.0))
    with pytest.raises(InputError, match="order 0 to 8"):
        Bins(9)


def test_a_pipeline_injects_and_counts_and_does_only_what_changed(lake, stars, model, tmp_path):
    lines = [
        f'lake = "{lake.root}"',
        "[catalogs.again]",
        'completeness = "injected"',
        "cell_order = 1",
        "[catalogs.injected]",
        f'inject = "{stars.name}"',
        f'model = "{model}"',
        'classes = ["RRab", "EW"]',
        "signals_wanted = 100",
        'band = "g"',
    ]
    file = tmp_path / "pipeline.toml"
    file.write_text("\n".join(lines))
    first = Pipeline.read(file).refresh()
    assert [(step.name, step.outcome) for step in first.steps] == [("injected", "done"), ("again", "done")]
    assert lake["again"].columns("n_injected").to_arrow()["n_injected"].to_numpy().sum() == len(lake["injected"])
    assert Pipeline.read(file).refresh().did_nothing
    file.write_text("\n".join(lines).replace("cell_order = 1", "cell_order = 2"))
    states = {state.name: state for state in Pipeline.read(file).states()}
    assert [states[name].status for name in ("injected", "again")] == ["up to date", "out of date"]
    Pipeline.read(file).refresh()
    assert set(lake["again"].columns("cell_order").to_arrow()["cell_order"].to_pylist()) == {2}
    file.write_text("\n".join(lines).replace('"EW"', '"Mira"'))
    with pytest.raises(InputError, match=r"pipeline.toml:\d+: \[catalogs.injected\]: no signals of Mira are declared"):
        list(Pipeline.read(file).states())


def test_the_cost_grows_with_the_partitions(lake, model):
    """The same stars in tens of partitions and in a few: most of the time goes into no star."""
    said = []
    for order in (3, 0):
        put(lake, f"order_{order}", constant_stars(120, spread=18.0), order=order)
        plan = plan_completeness(lake[f"order_{order}"], model, signals=SIGNALS, n=40, band="g")
        said.append((len(lake[f"order_{order}"].partitions), plan.seconds))
    (many, long), (few, short) = said
    print(said)
    assert many > 10 * few
    assert long > 1.5 * short


@pytest.mark.slow
def test_the_cost_counts_what_each_partition_takes(lake, model):
    """Tens of partitions of a few stars, on a machine that does nothing else: seconds are compared."""
    table = constant_stars(120, spread=18.0)
    put(lake, "wide", table, order=3)
    plan = plan_completeness(lake["wide"], model, signals=SIGNALS, n=40, band="g")
    said = plan.seconds
    start = perf_counter()
    measure_completeness(plan, lake, "cost", engine="serial")
    took = perf_counter() - start
    print(f"{len(lake['wide'].partitions)} partitions: {said:.2f} s said, {took:.2f} s taken")
    assert 0.5 < took / said < 1.6

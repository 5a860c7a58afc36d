"""Outbursts of young stars: what is measured of one that is known, who is called what, and who is left in peace."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from skies import put

from lcscale import cli
from lcscale.errors import InputError
from lcscale.lake import HEALPIX_COLUMN
from lcscale.lightcurves import LIGHTCURVE_TYPE, LightCurves
from lcscale.products import find_outbursts, yso_candidates
from lcscale.products.outbursts import COLUMNS, Outbursts
from lcscale.simulation.alerts import simulate_alerts
from lcscale.simulation.population import simulate_population


def table_of(lcs: LightCurves, **columns) -> pa.Table:
    lcs = replace(lcs, band=np.zeros(lcs.time.size, np.int8) if lcs.band is None else lcs.band)
    field = pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": ",".join(lcs.bands)})
    table = pa.Table.from_arrays([lcs.to_arrow()], schema=pa.schema([field]))
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    return table


def curves(*stars) -> LightCurves:
    """Stars of (time, mag), each with errors of 0.02 mag."""
    time, mag = (np.concatenate([star[k] for star in stars]) for k in (0, 1))
    offsets = np.r_[0, np.cumsum([star[0].size for star in stars])]
    return LightCurves(time, mag.astype(np.float32), np.full(time.size, 0.02, np.float32), offsets, None, ("r",))


def grown_bright(amplitude=3.0, onset=400.0, rise=60.0, back=np.inf, seed=0):
    """Quiet at 17 mag with a scatter of 0.1, up in a straight line about `onset`, back at `back`."""
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 1500, 220))
    up = np.clip((time - onset) / rise + 0.5, 0, 1) * (time < back)
    return time, 17 + 0.1 * rng.standard_normal(time.size) - amplitude * up


def test_a_known_outburst_is_measured():
    found = Outbursts()(table_of(curves(grown_bright(), grown_bright(back=700.0)))).to_pylist()
    for row in found:
        assert row["outburst_amplitude"] == pytest.approx(3.0, abs=0.3)
        assert row["outburst_date"] == pytest.approx(400.0, abs=12)
        assert row["outburst_rise_rate"] == pytest.approx(3.0 / 60, rel=0.35)
    assert [row["outburst_type"] for row in found] == ["FUOR", "EXOR"]
    assert [row["outburst_over"] for row in found] == [False, True]
    assert found[1]["outburst_days"] == pytest.approx(300, abs=20)
    assert found[0]["outburst_days"] == pytest.approx(1100, abs=30)


def test_types_of_simulated_alerts_and_what_is_none():
    kinds = ("FUOR", "EXOR", "FADING", "OUTLIER", "NOISY", "PULSATOR", "ECLIPSER", "LPV")
    made = simulate_alerts([kind for kind in kinds for _ in range(100)], 5)
    given = np.array(Outbursts()(table_of(made.lcs)).column("outburst_type").to_pylist(), object)
    share = {kind: (given[made.kind == kind] != None).mean() for kind in kinds}  # noqa: E711
    assert share["FUOR"] > 0.85
    assert share["EXOR"] > 0.8
    assert (given[made.kind == "FUOR"] == "EXOR").mean() < 0.05
    assert (given[made.kind == "EXOR"] == "FUOR").mean() < 0.1
    assert max(share[kind] for kind in ("FADING", "NOISY", "PULSATOR", "ECLIPSER", "LPV")) <= 0.04
    assert share["OUTLIER"] < 0.15


def test_quiet_young_stars_raise_no_alarm():
    """Random walks of 0.35 mag at most, as the simulated young stars have before they burst."""
    rng = np.random.default_rng(3)

    def quiet():
        time, tau, spread = np.sort(rng.uniform(0, 1500, 200)), rng.uniform(5, 60), rng.uniform(0.05, 0.35)
        mag = np.empty(time.size)
        mag[0] = rng.normal(0, spread)
        for j in range(1, time.size):
            kept = np.exp(-(time[j] - time[j - 1]) / tau)
            mag[j] = kept * mag[j - 1] + spread * np.sqrt(1 - kept**2) * rng.standard_normal()
        return time, 16 + mag

    table = Outbursts()(table_of(curves(*(quiet() for _ in range(300)))))
    assert 300 - table.column("outburst_type").null_count <= 3


def test_q_and_m_of_known_shapes():
    rng = np.random.default_rng(4)
    time = np.sort(rng.uniform(0, 300, 400))
    sine = 15 + 0.3 * np.sin(2 * np.pi * time / 7.3)
    noise = 15 + 0.3 * rng.standard_normal(400)
    half = 15 + 0.3 * np.sin(2 * np.pi * time / 7.3) + 0.3 / np.sqrt(2) * rng.standard_normal(400)
    dips = 15 + 0.02 * rng.standard_normal(400) + 0.8 * (rng.random(400) < 0.1)
    bursts = 15 + 0.02 * rng.standard_normal(400) - 0.8 * (rng.random(400) < 0.1)
    period = np.full(5, 7.3)
    table = table_of(curves(*((time, mag) for mag in (sine, noise, half, dips, bursts))), told=period)
    found = Outbursts(period="told")(table)
    q, m = (np.array(found.column(name).to_pylist()) for name in ("periodicity_q", "asymmetry_m"))
    # a window of a quarter of the period leaves (1 - sin x / x)² of a sine's variance, x = π / 4: 0.01
    assert q[0] == pytest.approx(0.01, abs=0.01)
    assert q[1] == pytest.approx(1.0, abs=0.03)
    assert q[2] == pytest.approx(0.5, abs=0.07)
    assert abs(m[0]) < 0.2
    assert m[3] > 0.8
    assert m[4] < -0.8
    assert Outbursts()(table.drop_columns("told")).column("periodicity_q").null_count == 5


def test_the_amplitude_of_the_variability_leaves_strays_out():
    time, mag = np.arange(400.0), 15 + 0.5 * np.sin(np.arange(400.0))
    mag[7] = 9.0
    (row,) = Outbursts()(table_of(curves((time, mag)))).to_pylist()
    assert row["variability_amplitude"] == pytest.approx(2 * 0.5 * np.sin(0.45 * np.pi), abs=0.02)


@pytest.fixture
def sky(lake):
    """A lake with light curves of three stars (FU Orionis, EX Lupi, too few visits), and four sources of Gaia."""
    time, mag = grown_bright()
    table = table_of(curves((time, mag), grown_bright(back=700.0), (time[:6], mag[:6])))
    ra, dec = np.array([80.0, 80.1, 80.2]), np.array([5.0, 5.1, 5.2])
    table = table.append_column("object_id", pa.array(["a", "b", "c"])).append_column("ra", pa.array(ra))
    put(lake, "curves", _placed(table.append_column("dec", pa.array(dec))))
    away = np.r_[ra, 81.0], np.r_[dec + 0.5 / 3600, 6.0]
    gaia = simulate_population({"YSO": 4}, seed=3)
    for name, values in zip(("ra", "dec"), away, strict=True):
        gaia = gaia.set_column(gaia.column_names.index(name), name, pa.array(values))
    put(lake, "gaia", _placed(gaia))
    return lake


def _placed(table: pa.Table) -> pa.Table:
    place = compute_spatial_index(table["ra"].to_numpy(), table["dec"].to_numpy())
    return table.append_column(HEALPIX_COLUMN, pa.array(place, pa.int64())).sort_by(HEALPIX_COLUMN)


def _run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["lcscale", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return int(stop.value.code or 0), capsys.readouterr()


def test_the_command_finds_outbursts_and_young_stars_take_them(sky, monkeypatch, capsys):
    at = ("--lake", sky.root)
    status, said = _run(monkeypatch, capsys, "outbursts", "curves", *at, "--no-search")
    assert status == 0, said.err
    assert "outbursts in 2 of 2 light curves (EXOR: 1, FUOR: 1)" in said.out
    assert "too few visits: 1" in said.out
    found = sky["outbursts"].to_pandas().set_index("object_id")
    assert found.outburst_type.to_dict() == {"a": "FUOR", "b": "EXOR", "c": None}
    assert "lightcurve" not in found.columns
    assert "period" not in found.columns
    status, said = _run(monkeypatch, capsys, "yso", "gaia", *at, "--outbursts", "outbursts")
    assert status == 0, said.err
    assert "outbursts in 2 of 2 light curves" in said.out
    assert "no light curve, or too few visits: 2" in said.out
    young = sky["yso_candidates"].to_pandas().sort_values("ra")
    assert young.outburst_type.fillna("none").to_list() == ["FUOR", "EXOR", "none", "none"]
    assert young.asymmetry_m.notna().to_list() == [True, True, True, False]
    assert young.prob_YSO.notna().all()
    status, said = _run(monkeypatch, capsys, "yso", "gaia", *at, "--outbursts", "gaia", "--name", "no")
    assert (status, said.err.count("\n"), "lcscale outbursts" in said.err) == (2, 1, True)


def test_probabilities_are_the_same_with_and_without_light_curves(sky):
    find_outbursts(sky["curves"], search=False).write("bursts", progress=False)
    plain = yso_candidates(sky["gaia"]).to_pandas()
    joined = yso_candidates(sky["gaia"], outbursts=sky["bursts"]).to_pandas()
    assert plain.equals(joined[plain.columns])
    assert set(joined.columns) - set(plain.columns) == {column.name for column in COLUMNS}


def test_periods_come_from_a_search_from_a_column_or_not_at_all(sky):
    stars = sky["curves"]
    searched = find_outbursts(stars).to_pandas()
    assert searched.period.notna().any()
    assert searched.periodicity_q.notna().any()
    named = find_outbursts(stars, search=False).to_pandas()
    assert named.periodicity_q.isna().all()
    with pytest.raises(InputError, match="no column theirs"):
        find_outbursts(stars, period="theirs")
    with pytest.raises(InputError, match="no light curves"):
        find_outbursts(sky["gaia"])


def test_few_observations_have_no_answer_and_the_schema_is_kept():
    time, mag = grown_bright()
    table = table_of(curves((time[:6], mag[:6]), (time[:0], mag[:0])))
    for given in (table, table.slice(0, 0)):
        assert Outbursts()(given).schema == Outbursts().schema(given.schema)
    found = Outbursts()(table)
    for name in ("outburst_amplitude", "outburst_date", "outburst_type", "outburst_over"):
        assert found.column(name).null_count == 2
    assert {column.name for column in COLUMNS} <= set(found.column_names)


@pytest.mark.realdata
def test_real_young_stars(real_data):
    """Variable young stars of Hillenbrand et al. (2022): hardly any alarm; Q and M are those that the paper found."""
    points = pd.read_parquet(real_data / "ztf_yso" / "photometry.parquet")
    points = points[(points.filtercode == "zr") & (points.catflags == 0)].sort_values(["name", "mjd"])
    sizes = points.groupby("name").size()
    lcs = LightCurves(
        points.mjd.to_numpy(),
        points.mag.to_numpy(np.float32),
        points.magerr.to_numpy(np.float32),
        np.r_[0, np.cumsum(sizes)],
        None,
        ("r",),
    )
    stars = pd.read_csv(real_data / "ztf_yso" / "objects.csv").set_index("name").loc[sizes.index]
    found = Outbursts(period="told")(table_of(lcs, told=stars.period.to_numpy())).to_pandas()
    enough = found.outburst_amplitude.notna()
    assert enough.sum() > 550
    print(found.outburst_type.value_counts().to_dict(), enough.sum())
    assert found.outburst_type.notna().sum() <= 0.01 * enough.sum()
    for ours, theirs in (("periodicity_q", "Q"), ("asymmetry_m", "M")):
        both = pd.DataFrame({"ours": found[ours].to_numpy(), "theirs": stars[theirs].to_numpy()}).dropna()
        print(theirs, len(both), both.corr().iloc[0, 1], (both.ours - both.theirs).abs().median())
        assert len(both) > 150
        assert both.corr().iloc[0, 1] > 0.7
        assert both.corr("spearman").iloc[0, 1] > 0.65
        assert (both.ours - both.theirs).abs().median() < 0.2
    amplitude = pd.DataFrame({"ours": found.variability_amplitude.to_numpy(), "theirs": stars.nu.to_numpy()}).dropna()
    print("amplitude", len(amplitude), amplitude.corr("spearman").iloc[0, 1])
    assert len(amplitude) > 150
    assert amplitude.corr("spearman").iloc[0, 1] > 0.9

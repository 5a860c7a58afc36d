"""Light curves under others' names: told once, or known by themselves, every step and command reads them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from others import copied, rewrite, state
from skies import put
from typer.testing import CliRunner

import lcscale as lc
from lcscale.cli import app
from lcscale.errors import InputError
from lcscale.explore import show
from lcscale.features import Extract
from lcscale.lake import HEALPIX_COLUMN, spatial_index
from lcscale.lightcurves import FLUX_TYPE, LIGHTCURVE_TYPE, LightCurveFields, LightCurves
from lcscale.models import LabelledCurves
from lcscale.periods import FrequencyGrid, Search
from lcscale.products import variable_candidates

RNG = np.random.default_rng(11)
N = 40
GRID = FrequencyGrid.for_baseline(60.0, 4.0)
NAMES = {"time": "hmjd", "mag": "mag", "mag_err": "magerr", "band": "band"}
ZTF_CODES = {"g": 1, "r": 2, "i": 3}


def sky():
    ra, dec = RNG.uniform(0, 360, N), np.degrees(np.arcsin(RNG.uniform(-1, 1, N)))
    index = spatial_index(ra, dec)
    order = np.argsort(index)
    curves = []
    for k in range(N):
        time = np.sort(RNG.uniform(58000, 58060, 36))
        mag = 15 + 0.3 * np.sin(2 * np.pi * time / (0.4 + 0.05 * k)) + RNG.normal(0, 0.01, time.size)
        band = [("g", "r", "i")[k % 3]] * time.size
        curves.append({"time": time, "mag": mag, "mag_err": np.full(time.size, 0.01), "band": band})
    table = pa.table(
        {
            HEALPIX_COLUMN: index[order],
            "objectid": np.arange(N) + 10_000,
            "ra": ra[order],
            "dec": dec[order],
            "label": ["RRab", "EA"] * (N // 2),
        }
    )
    return table.append_column(pa.field("lightcurve", LIGHTCURVE_TYPE), pa.array(curves, LIGHTCURVE_TYPE))


OURS = sky()


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return put(lc.Lake(tmp_path_factory.mktemp("lake")), "sky", OURS, order=0)


def lists(table):
    """The parts of the light curves under ZTF's names, each a column of lists."""
    curves = table.column("lightcurve").combine_chunks()
    return {theirs: curves.field(ours) for ours, theirs in NAMES.items()}


def flagged(table):
    """The same with observations that are flagged in between."""
    rows = []
    for curve in table.column("lightcurve").to_pylist():
        good = np.ones(len(curve["time"]) + 3, bool)
        good[[0, 7, 20]] = False
        flags = np.where(good, 0, 32768)
        full = {theirs: np.empty(good.size, object) for theirs in NAMES.values()}
        for ours, theirs in NAMES.items():
            full[theirs][good] = curve[ours]
            full[theirs][~good] = "g" if ours == "band" else 99.0 if ours != "time" else 58000.0
        rows.append({**{name: values.tolist() for name, values in full.items()}, "catflags": flags.tolist()})
    kinds = {"hmjd": pa.float64(), "mag": pa.float32(), "magerr": pa.float32(), "band": pa.string()}
    kinds["catflags"] = pa.int32()
    return {name: pa.array([row[name] for row in rows], pa.list_(kind)) for name, kind in kinds.items()}


def as_struct(parts):
    return pa.StructArray.from_arrays(list(parts.values()), names=list(parts))


def nested(table, n):
    return table.drop_columns(["lightcurve"]).append_column("lightcurve", as_struct(lists(table)))


def nested_elsewhere_with_flags(table, n):
    return table.drop_columns(["lightcurve"]).append_column("lc", as_struct(flagged(table)))


def list_of_structs(table, n):
    parts = lists(table)
    first = next(iter(parts.values()))
    values = pa.StructArray.from_arrays([part.flatten() for part in parts.values()], names=list(parts))
    return table.drop_columns(["lightcurve"]).append_column("lc", pa.ListArray.from_arrays(first.offsets, values))


def side_by_side(table, n):
    parts = lists(table)
    table = table.drop_columns(["lightcurve"])
    for name, part in parts.items():
        table = table.append_column(name, part)
    return table


def side_by_side_large_with_flags(table, n):
    parts = flagged(table)
    table = table.drop_columns(["lightcurve"])
    for name, part in parts.items():
        table = table.append_column(name, part.cast(pa.large_list(part.type.value_type)))
    return table


def one_band_a_row(table, n, nest=True):
    parts = lists(table)
    codes = [ZTF_CODES[bands[0]] for bands in parts.pop("band").to_pylist()]
    table = table.drop_columns(["lightcurve"]).append_column("filterid", pa.array(codes, pa.int8()))
    if nest:
        return table.append_column("lightcurve", as_struct(parts))
    for name, part in parts.items():
        table = table.append_column(name, part)
    return table


def one_band_a_row_side_by_side(table, n):
    return one_band_a_row(table, n, nest=False)


FORMS = [
    nested, nested_elsewhere_with_flags, list_of_structs, side_by_side, side_by_side_large_with_flags, one_band_a_row,
    one_band_a_row_side_by_side,
]  # fmt: skip
TOLD = {
    "other names": (
        {"hmjd": "t", "mag": "psfmag", "magerr": "psferr", "band": "filt"},
        LightCurveFields(time="t", mag="psfmag", mag_err="psferr", band="filt"),
    ),
    "our names in another column": (dict(zip(NAMES.values(), NAMES, strict=True)), LightCurveFields(column="curves")),
}


def theirs_of(ours, place, form):
    folder = copied(ours, place)
    rewrite(folder, form)
    state(folder, hats_cols_default=None)
    return folder


def curves_of(catalog):
    return catalog.columns("lightcurve").to_arrow().column("lightcurve").combine_chunks()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_ztf_forms_are_known_by_themselves(form, ours, tmp_path):
    theirs = lc.open_catalog(str(theirs_of(ours, tmp_path / "theirs", form)))
    found = curves_of(theirs)
    assert found.type == LIGHTCURVE_TYPE
    assert found.equals(curves_of(ours))
    assert not {"hmjd", "magerr", "catflags", "lc"} & set(theirs.column_names)
    cone = theirs.region(lc.Cone(10.0, 20.0, 200_000)).map(Extract(("amplitude",), bands=())).to_arrow()
    expected = ours.region(lc.Cone(10.0, 20.0, 200_000)).map(Extract(("amplitude",), bands=())).to_arrow()
    assert 0 < cone.num_rows < N
    assert cone.column("amplitude").equals(expected.column("amplitude"))


@pytest.mark.parametrize("case", TOLD)
@pytest.mark.parametrize("column", ["curves", None])
def test_names_are_told_once(case, column, ours, tmp_path):
    names, fields = TOLD[case]

    def form(table, n):
        parts = {names[name]: part for name, part in lists(table).items()}
        table = table.drop_columns(["lightcurve"])
        if column is not None:
            return table.append_column(column, as_struct(parts))
        for name, part in parts.items():
            table = table.append_column(name, part)
        return table

    folder = theirs_of(ours, tmp_path / "theirs", form)
    if column is None and fields.column is not None:
        with pytest.raises(InputError, match="no nested column 'curves' of light curves"):
            lc.open_catalog(str(folder), light_curves=fields)
        fields = LightCurveFields()
    untold = lc.open_catalog(str(folder))
    assert "lightcurve" not in untold.column_names
    theirs = lc.open_catalog(str(folder), light_curves=fields)
    assert curves_of(theirs).equals(curves_of(ours))
    assert theirs.columns("objectid").fingerprint() != untold.columns("objectid").fingerprint()


@pytest.mark.parametrize("form", [nested, one_band_a_row_side_by_side], ids=lambda form: form.__name__)
def test_every_step_and_command_follows(form, ours, lake, tmp_path):
    folder = theirs_of(ours, tmp_path / "theirs", form)
    theirs = lc.open_catalog(str(folder))
    steps = Search(GRID, bands=()), Extract(("amplitude", "mean"), bands=())
    periods, expected = (catalog.map(*steps) for catalog in (theirs, ours))
    names = ["period", "amplitude", "mean", "reason"]
    assert periods.to_arrow().select(names).equals(expected.to_arrow().select(names))
    labelled = [LabelledCurves.from_tables(each.to_batches()) for each in (periods, expected)]
    np.testing.assert_array_equal(labelled[0].lcs.mag, labelled[1].lcs.mag)
    assert variable_candidates(theirs, "demo", grid=GRID).write("variable_candidates", lake=lake).rows == N
    found = lake["variable_candidates"].to_arrow()
    assert found.column("class").null_count < N
    page = show(lake, 10_003, tmp_path / "page.html").read_text()
    assert "Light curve" in page
    frame = theirs.map(Extract(("amplitude",), bands=())).to_lsdb().compute(progress_bar=False)
    assert sorted(frame["amplitude"]) == sorted(expected.to_arrow().column("amplitude").to_pylist())


def test_the_command_is_told_by_an_option(ours, lake, tmp_path):
    def form(table, n):
        parts = {f"my_{name}": part for name, part in lists(table).items()}
        return table.drop_columns(["lightcurve"]).append_column("curves", as_struct(parts))

    folder = theirs_of(ours, tmp_path / "theirs", form)
    lake.root.mkdir()
    told = ["--light-curves", "time=my_hmjd,mag=my_mag,mag_err=my_magerr,band=my_band"]
    arguments = ["features", str(folder), "--lake", str(lake.root), "--name", "f", "--only", "amplitude", "--fmax", "2"]
    run = CliRunner().invoke(app, [*arguments, *told])
    assert run.exit_code == 0, run.output
    expected = ours.map(Extract(("amplitude",))).to_arrow().column("amplitude")
    assert lake["f"].to_arrow().column("amplitude").equals(expected)
    arguments = ["classify", str(folder), "--lake", str(lake.root), "--features", "f", "--model", "demo", *told]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 0, run.output
    page = str(tmp_path / "page.html")
    run = CliRunner().invoke(app, ["show", "10003", "--lake", str(lake.root), "--output", page, *told])
    assert run.exit_code == 0, run.output


def test_a_row_of_one_band_has_its_own_features_and_the_bands_of_the_catalog_for_models(ours, tmp_path):
    from lcscale.models.labels.curves import bands_of

    theirs = lc.open_catalog(str(theirs_of(ours, tmp_path / "theirs", one_band_a_row)))
    table = theirs.map(Extract(("amplitude",))).to_arrow()
    assert table.column("amplitude").null_count == 0
    assert "amplitude_r" not in table.column_names
    assert bands_of(theirs.schema, "lightcurve") == ("g", "r", "i")
    assert table.column("filterid").to_pylist() == [ZTF_CODES[("g", "r", "i")[k % 3]] for k in range(N)]


def test_bad_rows_of_others_keep_their_place_with_a_reason(ours, tmp_path):
    def form(table, n):
        table = side_by_side_large_with_flags(table, n)
        for name, part in (("mag", 1), ("catflags", 2), ("hmjd", 3)):
            rows = table.column(name).to_pylist()
            if len(rows) <= part:
                continue
            rows[part] = None if name == "hmjd" else rows[part][:-1]
            column = pa.array(rows, table.column(name).type)
            table = table.set_column(table.column_names.index(name), name, column)
        return table

    theirs = lc.open_catalog(str(theirs_of(ours, tmp_path / "theirs", form)))
    for leaf in theirs.partitions:
        table = theirs.plan().table(leaf)
        rows = Extract(("amplitude",), bands=())(table)
        reasons = rows.column("reason").to_pylist()
        expected = [False, True, True, True, *[False] * len(reasons)][: len(reasons)]
        assert [reason is not None for reason in reasons] == expected
        assert all("differ in length" in reason for reason in reasons if reason is not None)


def test_what_is_not_there_is_named(ours, tmp_path):
    folder = theirs_of(ours, tmp_path / "theirs", nested)
    with pytest.raises(InputError, match=r"theirs: no light curves with time 't'.*hmjd"):
        lc.open_catalog(str(folder), light_curves=LightCurveFields(time="t", column="lightcurve"))
    with pytest.raises(InputError, match="expected time=…"):
        LightCurveFields.parse("when=hmjd")
    with pytest.raises(InputError, match="there is a column lightcurve already"):
        lc.open_catalog(
            str(
                theirs_of(ours, tmp_path / "both", lambda table, n: table.append_column("lc", as_struct(lists(table))))
            ),
            light_curves=LightCurveFields(time="hmjd", mag_err="magerr", column="lc"),
        )


def test_double_precision_and_integer_times_are_kept():
    schema = pa.schema([("t", pa.list_(pa.int64())), ("m", pa.list_(pa.float64()))])
    fields = LightCurveFields(time="t", mag="m").found_in(schema)
    table = pa.table({"t": [[58000, 58001]], "m": [[15.123456789012, 15.0]]}, schema=schema)
    found = fields.adapt(table)
    assert found.schema.field("lightcurve").type == fields.schema(schema).field("lightcurve").type
    lcs = LightCurves.from_arrow(found)
    assert lcs.mag.tolist() == [15.123456789012, 15.0]
    assert lcs.time.tolist() == [58000.0, 58001.0]
    assert np.isnan(lcs.mag_err).all()
    assert pc.struct_field(found.column("lightcurve"), "time").type == pa.list_(pa.float64())


def rubin(table):
    """The same stars as Data Preview 1 has them: nested forced photometry in nJy, with flags, and detections beside."""
    rows, differences = [], []
    for k, curve in enumerate(table.column("lightcurve").to_pylist()):
        time = np.array(curve["time"])
        flux = 10 ** (0.4 * (31.4 - np.array(curve["mag"]))) if k else -np.ones(time.size)
        bad = np.arange(time.size) % 9 == 4
        rows.append(
            {
                "midpointMjdTai": time,
                "band": curve["band"],
                "psfFlux": np.where(bad, 1e9, flux),
                "psfFluxErr": np.abs(flux) * 0.01,
                "psfFlux_flag": bad & (time < 58030),
                "pixelFlags_cr": [None if not one else True for one in bad & (time >= 58030)],
                "psfMag": np.zeros(time.size),
            }
        )
        differences.append({"midpointMjdTai": [1.0], "band": ["g"], "psfFlux": [1.0], "psfFluxErr": [1.0]})
    kinds = {"midpointMjdTai": pa.float64(), "band": pa.string(), "psfFlux": pa.float32(), "psfFluxErr": pa.float32()}
    lists = {name: pa.list_(kind) for name, kind in kinds.items()}
    flags = dict.fromkeys(("psfFlux_flag", "pixelFlags_cr"), pa.list_(pa.bool_()))
    table = table.drop_columns(["lightcurve"]).append_column("diaSource", pa.array(differences, pa.struct(lists)))
    forced = pa.array(rows, pa.struct({**lists, **flags, "psfMag": pa.list_(pa.float32())}))
    return table.append_column("diaObjectForcedSource", forced)


def test_forced_photometry_of_rubin_is_known_by_itself(tmp_path):
    catalog = put(lc.Lake(tmp_path / "lake"), "dia_object", rubin(OURS), order=0)
    field = catalog.schema.field("lightcurve")
    assert field.type == FLUX_TYPE
    said = {key.decode(): value.decode() for key, value in field.metadata.items()}
    assert said["bands"] == "r,g,i,z,u,y"
    assert (said["unit"], said["time_origin"], said["time_scale"]) == ("time: d, flux: nJy", "MJD", "TAI")
    assert said["left_out"] == "psfFlux_flag > 0 or pixelFlags_cr > 0"
    assert "diaSource" in catalog.column_names
    lcs = LightCurves.from_arrow(catalog.to_arrow())
    assert (lcs.unit, set(lcs.counts.tolist()), float(lcs.flux.max()) < 1e8) == ("nJy", {32}, True)
    table = catalog.map(Search(GRID)).map(Extract(["mean"])).to_arrow().sort_by("objectid")
    ours = pa.Table.from_batches(OURS.to_batches()).sort_by("objectid")
    assert table.column("period").null_count == 1  # the star of which all fluxes are the same
    magnitudes = {row["objectid"]: np.mean(row["lightcurve"]["mag"]) for row in ours.to_pylist()}
    for row in table.select(["objectid", "mean_g", "mean_i", "mean"]).to_pylist():
        found = [row[name] for name in ("mean", "mean_g", "mean_i") if row[name] is not None]
        assert all(abs(value - magnitudes[row["objectid"]]) < 0.05 for value in found)

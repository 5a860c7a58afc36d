"""Masks and units of arrays are honoured or refused, never dropped, in every public function that takes arrays."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.table import Column, MaskedColumn
from astropy.time import Time
from astropy.utils.masked import Masked
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale import crossmatch, features, images, lake, lightcurves, models, periods, products
from lcscale.arrays import floats, integers, number, texts
from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves
from lcscale.models.inputs.preparation import Preparation, prepare
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.splitting import Split, assign
from lcscale.models.labels.targets import targets_of
from lcscale.models.labels.taxonomy import map_labels, roll_up
from lcscale.units import factor

rng = np.random.default_rng(5)
N = 60
TIME = np.sort(rng.uniform(58000, 58100, 2 * N).reshape(2, N), axis=1).ravel()
MAG = 15 + 0.3 * np.sin(2 * np.pi * TIME / 0.61) + rng.normal(0, 0.01, 2 * N)
ERROR = np.full(2 * N, 0.01)
OFFSETS = np.array([0, N, 2 * N])
LCS = LightCurves(TIME, MAG, ERROR, OFFSETS)
PERIOD = np.array([0.61, 0.62])
RA, DEC = np.array([10.0, 20.0]), np.array([1.0, -30.0])


def curves(**given):
    """All that is computed from a light curve of which one array is `given`."""
    lcs = LightCurves(**({"time": TIME, "value": MAG, "error": ERROR, "offsets": OFFSETS} | given))
    return features.extract(lcs, ["mean", "weighted_mean"]).to_pydict(), lcs.counts, lcs.band


def labelled(**given):
    made = LabelledCurves(
        **({"lcs": LCS, "period": PERIOD, "label": np.array(["RRab", None]), "healpix_29": np.array([1, 2])} | given)
    )
    return made.period, made.label, made.healpix_29, made.columns


def moved(**given):
    at_rest = {"ra": RA, "dec": DEC, "pmra": [1e5, 2e5], "pmdec": [1e5, -1e5], "years": 10.0}
    return crossmatch.propagate(**(at_rest | {"parallax": [10.0, 20.0], "radial_velocity": [1.0, 2.0]} | given))


def matched(**given):
    sky = {"left_ra": RA, "left_dec": DEC, "right_ra": RA, "right_dec": DEC + 1e-5, "radius_arcsec": [1.0, 2.0]}
    return crossmatch.match(**(sky | given))


def predicted(period):
    return models.load("general").predict(LightCurves(TIME, MAG, ERROR, OFFSETS, np.zeros(2 * N), ("V",)), period)


MISSING, REFUSED = "missing", "refused"
CASES = {
    # function and parameter: call with one value, values, unit (None: any Quantity is refused), what a mask means
    "crossmatch.match.left_ra": (lambda x: matched(left_ra=x), RA, "deg", MISSING),
    "crossmatch.match.left_dec": (lambda x: matched(left_dec=x), DEC, "deg", MISSING),
    "crossmatch.match.right_ra": (lambda x: matched(right_ra=x), RA, "deg", MISSING),
    "crossmatch.match.right_dec": (lambda x: matched(right_dec=x), DEC, "deg", MISSING),
    "crossmatch.match.radius_arcsec": (lambda x: matched(radius_arcsec=x), [1.0, 2.0], "arcsec", MISSING),
    "crossmatch.without_position.ra": (lambda x: crossmatch.without_position(x, DEC), RA, "deg", MISSING),
    "crossmatch.without_position.dec": (lambda x: crossmatch.without_position(RA, x), DEC, "deg", MISSING),
    "crossmatch.propagate.ra": (lambda x: moved(ra=x), RA, "deg", MISSING),
    "crossmatch.propagate.dec": (lambda x: moved(dec=x), DEC, "deg", MISSING),
    "crossmatch.propagate.pmra": (lambda x: moved(pmra=x), [1e5, 2e5], "mas/yr", MISSING),
    "crossmatch.propagate.pmdec": (lambda x: moved(pmdec=x), [1e5, -1e5], "mas/yr", MISSING),
    "crossmatch.propagate.years": (lambda x: moved(years=x), [10.0, 20.0], "yr", MISSING),
    "crossmatch.propagate.parallax": (lambda x: moved(parallax=x), [10.0, 20.0], "mas", MISSING),
    "crossmatch.propagate.radial_velocity": (lambda x: moved(radial_velocity=x), [1.0, 2.0], "km/s", MISSING),
    "lightcurves.LightCurves.time": (lambda x: curves(time=x), TIME, "d", MISSING),
    "lightcurves.LightCurves.value": (lambda x: curves(value=x), MAG, "mag", MISSING),
    "lightcurves.LightCurves.error": (lambda x: curves(error=x), ERROR, "mag", MISSING),
    "lightcurves.LightCurves.offsets": (lambda x: curves(offsets=x), OFFSETS, None, REFUSED),
    "lightcurves.LightCurves.band": (
        lambda x: curves(band=x, bands=("V", "I")), np.arange(2 * N) % 2, None, -1,
    ),
    "lightcurves.LightCurves.take.index": (lambda x: LCS.take(x).mag, np.array([1, 0]), None, REFUSED),
    "lightcurves.LightCurves.keep.mask": (lambda x: LCS.keep(x).mag, np.arange(2 * N) < 70, None, REFUSED),
    "lightcurves.LightCurves.fold.period": (lambda x: LCS.fold(x), PERIOD, "d", MISSING),
    "lightcurves.LightCurves.fold.epoch": (lambda x: LCS.fold(0.61, x), PERIOD, "d", MISSING),
    "features.extract.period": (
        lambda x: features.extract(LCS, ["fourier_r21"] if "fourier_r21" in features.NAMES else None, x).to_pydict(),
        PERIOD, "d", MISSING,
    ),
    "images.render_folded.period": (lambda x: images.render_folded(LCS, x, size=16), PERIOD, "d", MISSING),
    "images.render_folded.epoch": (lambda x: images.render_folded(LCS, 0.61, x, size=16), PERIOD, "d", MISSING),
    "images.render_density.period": (lambda x: images.render_density(LCS, x, size=16), PERIOD, "d", MISSING),
    "images.render_density.epoch": (lambda x: images.render_density(LCS, 0.61, x, size=16), PERIOD, "d", MISSING),
    "images.render_error_bars.period": (lambda x: images.render_error_bars(LCS, x, size=16), PERIOD, "d", MISSING),
    "images.render_error_bars.epoch": (lambda x: images.render_error_bars(LCS, 0.61, x, size=16), PERIOD, "d", MISSING),
    "models.Model.predict.period": (lambda x: predicted(x).probabilities, PERIOD, "d", MISSING),
    "models.LabelledCurves.period": (lambda x: labelled(period=x), PERIOD, "d", MISSING),
    "models.LabelledCurves.healpix_29": (lambda x: labelled(healpix_29=x), np.array([1, 2]), None, REFUSED),
    "models.LabelledCurves.columns": (lambda x: labelled(columns={"a": x}), PERIOD, "", MISSING),
    "models.LabelledCurves.take.index": (
        lambda x: LabelledCurves(LCS, PERIOD, ["a", "b"], [1, 2]).take(x).period, np.array([1, 0]), None, REFUSED,
    ),
    "models.preparation.prepare.period": (lambda x: prepare(LCS, x, Preparation()).numbers, PERIOD, "d", MISSING),
    "models.splitting.assign.healpix_29": (lambda x: assign(x, Split()), np.array([1, 2]), None, REFUSED),
    "products.yso_share.n_alerts": (lambda x: products.yso_share(x, [1, 2]), np.array([10, 20]), None, REFUSED),
    "products.yso_share.n_yso": (lambda x: products.yso_share([10, 20], x), np.array([1, 2]), None, REFUSED),
}  # fmt: skip
OTHERS = {"deg": u.rad, "arcsec": u.arcmin, "mas/yr": u.arcsec / u.yr, "mas": u.uas, "yr": u.d, "km/s": u.m / u.s,
          "d": u.s, "mag": u.mmag, "": u.percent}  # fmt: skip


def same(one, other):
    """Whether two results hold the same numbers, within the rounding of a change of units."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list) and not all(isinstance(each, float | int | None) for each in one):
        return len(one) == len(other) and all(map(same, one, other))
    a, b = np.asarray(one), np.asarray(other)
    if a.dtype == object:
        a, b = (np.array([np.nan if each is None else each for each in values.ravel()], object) for values in (a, b))
        if all(isinstance(each, float | int) for each in a):
            a, b = a.astype(float), b.astype(float)
        else:
            return a.tolist() == b.tolist() or [*map(str, a)] == [*map(str, b)]
    if a.dtype == np.uint8:  # pixels: a dot may move by one
        return a.shape == b.shape and np.mean(a != b) < 0.02
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", ["numpy.ma", "Masked", "MaskedColumn", "pandas"])
def test_what_a_mask_hides_is_missing(case, kind):
    call, values, unit, meaning = CASES[case]
    values = np.asarray(values)
    mask = np.zeros(values.size, np.bool_)
    mask[1] = True
    made = {
        "numpy.ma": lambda: np.ma.array(values, mask=mask),
        "Masked": lambda: Masked(values, mask=mask),
        "MaskedColumn": lambda: MaskedColumn(values, mask=mask, unit=unit or None),
        "pandas": lambda: pd.Series(values.astype(object)).mask(mask, None),
    }
    hidden = made[kind]()
    if meaning == REFUSED:
        with pytest.raises(InputError):
            call(hidden)
        return
    if kind == "pandas" and meaning != MISSING:
        pytest.skip("pandas has no mask for small integers")
    right = values.astype(float)
    right[mask] = np.nan if meaning == MISSING else meaning
    assert same(call(hidden), call(right))
    slight = ("parallax", "radial_velocity", "epoch")  # what they change is small, or the default
    assert case.endswith(slight) or not same(call(hidden), call(values))


@pytest.mark.parametrize("case", CASES)
def test_quantities_are_converted_or_refused(case):
    call, values, unit, _ = CASES[case]
    values = np.asarray(values)
    if unit is not None:
        quantity = (values * u.Unit(unit)).to(OTHERS[unit])
        for given_ in (quantity, Column(quantity.value, unit=quantity.unit), list(quantity)):
            assert same(call(given_), call(values))
    with pytest.raises(InputError, match="stated in 'kg'"):
        call(values * u.kg)


SCALARS = {
    "MatchOptions.radius_arcsec": (lambda x: crossmatch.MatchOptions(radius_arcsec=x).radius_arcsec, 60.0, u.arcmin),
    "MatchOptions.density_radius_arcsec": (
        lambda x: crossmatch.MatchOptions(density_radius_arcsec=x).density_radius_arcsec, 60.0, u.arcmin,
    ),
    "MatchOptions.max_mag_difference": (
        lambda x: crossmatch.MatchOptions(max_mag_difference=x, left_mag="a", right_mag="b").max_mag_difference,
        0.001,
        u.mmag,
    ),
    "MatchOptions.epoch": (lambda x: crossmatch.MatchOptions(epoch=2000 * x).epoch, 2000.0, u.yr),
    "ProperMotion.max_arcsec_per_year": (
        lambda x: crossmatch.ProperMotion(max_arcsec_per_year=x).max_arcsec_per_year, 60.0, u.arcmin / u.yr,
    ),
    "match.radius_arcsec": (lambda x: crossmatch.match([0.0], [0.0], [0.0], [0.01], x)[0].size, 1, u.arcmin),
    "propagate.years": (lambda x: moved(years=x)[0].tolist(), moved(years=100.0)[0].tolist(), 100 * u.yr),
    "FrequencyGrid.fmax": (lambda x: periods.FrequencyGrid(0.0, x, 0.01).fmax, 24.0, 1 / u.h),
    "FrequencyGrid.for_baseline": (lambda x: periods.FrequencyGrid.for_baseline(x).fmin, 1 / 365.25, u.yr),
    "Search.fmax": (lambda x: periods.Search(fmax=x).fmax, 24.0, 1 / u.h),
    "Cone.radius_arcsec": (lambda x: lake.Cone(1.0, 2.0, x).radius_arcsec, 60.0, u.arcmin),
    "render_folded.period": (
        lambda x: images.render_folded(LCS, x, size=8).tolist(),
        images.render_folded(LCS, 1 / 24, size=8).tolist(),
        u.h,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SCALARS)
def test_options_take_quantities(case):
    call, right, unit = SCALARS[case]
    assert call(1 * unit) == pytest.approx(right, rel=1e-12) if isinstance(right, float) else call(1 * unit) == right
    masked = (
        () if case in ("propagate.years", "render_folded.period") else (np.ma.masked, Masked(1.0, mask=True))
    )  # missing for all
    for wrong in (1 * u.kg, "many", *masked):
        with pytest.raises(InputError):
            call(wrong)


def test_the_catalog_s_crossmatch_takes_them_too():
    table = pa.table({"ra": RA, "dec": DEC})
    options = crossmatch.MatchOptions(radius_arcsec=0.001 * u.deg)
    names = ("ra", "dec")
    assert crossmatch.match_tables(table, table, options, left_columns=names, right_columns=names).num_rows == 2


def table_of(**columns):
    """A table of columns given as values and unit."""
    fields = [
        pa.field(name, pa.float64(), metadata={"unit": unit} if unit else None) for name, (_, unit) in columns.items()
    ]
    return pa.Table.from_arrays([pa.array(values) for values, _ in columns.values()], schema=pa.schema(fields))


def test_units_of_columns_are_honoured_by_crossmatches():
    left = table_of(ra=([1.0], "rad"), dec=([0.5], "rad"), e=([100.0], "mas"), m=([15000.0], "mmag"))
    ra, dec = np.degrees(1.0), np.degrees(0.5)
    right = table_of(ra=([ra / 15], "hourangle"), dec=([dec + 0.25 / 3600], "deg"), e=([0.0], ""), m=([15.2], "mag"))
    columns = {"left_columns": ("ra", "dec"), "right_columns": ("ra", "dec")}

    def pairs(**options):
        return crossmatch.match_tables(left, right, crossmatch.MatchOptions(**options), **columns).num_rows

    assert pairs() == 1
    assert [pairs(n_sigma=n, left_error="e") for n in (2.4, 2.6)] == [0, 1]
    assert [pairs(max_mag_difference=d, left_mag="m", right_mag="m") for d in (0.19, 0.21)] == [0, 1]
    assert [pairs(max_mag_difference=d, left_mag="m + 0", right_mag="m") for d in (0.19, 0.21)] == [0, 1]
    flux = left.set_column(3, pa.field("m", pa.float64(), metadata={"unit": "Jy"}), [[1.0]])
    options = crossmatch.MatchOptions(max_mag_difference=1.0, left_mag="m", right_mag="m")
    with pytest.raises(InputError, match="'m' is stated in 'Jy'"):
        crossmatch.match_tables(flux, right, options, **columns)


def test_units_of_proper_motions_are_honoured():
    columns = {"left_columns": ("ra", "dec"), "right_columns": ("ra", "dec")}
    right = table_of(ra=([10.0], ""), dec=([1.0 / 3600], ""))
    options = crossmatch.MatchOptions(radius_arcsec=0.1, left_motion=crossmatch.ProperMotion(2000.0), epoch=2010.0)
    for pm, unit in ((100.0, "mas/yr"), (100.0, ""), (0.1, "arcsec/yr"), (100.0, "mas.yr**-1"), (0.1 / 3600, "deg/yr")):
        left = table_of(ra=([10.0], ""), dec=([0.0], ""), pmra=([0.0], unit), pmdec=([pm], unit))
        assert crossmatch.match_tables(left, right, options, **columns).num_rows == 1, unit
    left = table_of(ra=([10.0], ""), dec=([0.0], ""), pmra=([0.0], "km/s"), pmdec=([1.0], "km/s"))
    with pytest.raises(InputError, match="stated in 'km/s'"):
        crossmatch.match_tables(left, right, options, **columns)


@pytest.mark.parametrize(
    "call",
    [lambda x: roll_up(x, 1), map_labels, lambda x: targets_of(x, 1).label, lambda x: labelled(label=x)[1]],
)
@pytest.mark.parametrize("make", [np.ma.array, MaskedColumn, lambda x, mask: pd.Series(x).where(~np.array(mask), None)])
def test_masked_labels_are_none(call, make):
    assert call(make(["RRab", "EW"], mask=[False, True])).tolist() == ["RRab", None]


def test_masked_detections_are_left_out():
    bad = rng.random(2 * N) < 0.3
    cut = np.array([0, np.count_nonzero(~bad[:N]), np.count_nonzero(~bad)])
    right = LightCurves(TIME[~bad], MAG[~bad], ERROR[~bad], cut)
    for mag in (np.ma.array(np.where(bad, 99.0, MAG), mask=bad), Masked(np.where(bad, 99.0, MAG), mask=bad)):
        lcs = LightCurves(TIME, mag, ERROR, OFFSETS)
        assert periods.find(lcs).equals(periods.find(right))
        assert features.extract(lcs, ["mean"]).equals(features.extract(right, ["mean"]))


NOT_GIVEN = {"crossmatch.join_pairs", "models.Prediction", "periods.FrequencyGrid.at"}
NOT_GIVEN |= {
    f"models.{head}.{method}" for head in ("ClassHead", "ValueHead") for method in ("learn", "reader", "tempered")
}
"""Results of other functions, handed on."""


def array_parameters():
    """Every parameter of public functions, classes and methods that is an array, by the annotations."""
    for room in (crossmatch, features, images, lightcurves, models, periods, products):
        short = room.__name__.removeprefix("lcscale.")
        for name in room.__all__:
            found = getattr(room, name)
            callables = {f"{short}.{name}": found} if callable(found) and not inspect.ismodule(found) else {}
            if inspect.isclass(found):
                callables |= {
                    f"{short}.{name}.{key}": method
                    for key, method in vars(found).items()
                    if inspect.isfunction(method) and not key.startswith("_")
                }
            for key, each in callables.items():
                try:
                    parameters = inspect.signature(each).parameters.values()
                except (TypeError, ValueError):
                    continue
                for parameter in parameters:
                    text = str(parameter.annotation)
                    if ("ArrayLike" in text or "NDArray" in text) and key not in NOT_GIVEN:
                        yield f"{key}.{parameter.name}"


def test_counts_and_faults_of_light_curves_are_checked_too():
    with pytest.raises(InputError, match="left_out is masked in 1 places"):
        LightCurves(TIME, MAG, ERROR, OFFSETS, left_out=np.ma.array([[1], [2]], mask=[[0], [1]]))
    faults = np.ma.array(["a", "torn"], object, mask=[1, 0])
    assert LightCurves(TIME, MAG, ERROR, OFFSETS, faults=faults).faults.tolist() == [None, "torn"]


def test_every_public_array_is_tried():
    elsewhere = {"models.LabelledCurves.label", "models.LabelledCurves.origin", "lightcurves.LightCurves.faults"}
    elsewhere.add("lightcurves.say_missing_bands.reasons")  # filled in place
    elsewhere |= {"lightcurves.LightCurves.left_out"}
    elsewhere |= {
        "models.Model.predict.columns",
        "models.Model.predict_proba.columns",
        "models.Model.predict_proba.period",
    }
    missing = set(array_parameters()) - set(CASES) - elsewhere
    assert missing == set()


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (Time([58000.0, 58001.0], format="mjd"), "real numbers"),
        (np.array(["2020-01-01"], "M8[ns]"), "datetime64"),
        (pd.to_datetime(["2020-01-01"]), "datetime64"),
        ([1 + 2j], "complex"),
        (["noon"], "could not convert"),
        ([1 * u.d, 2 * u.kg], "not convertible"),
        ([[1.0], [1.0, 2.0]], "inhomogeneous"),
    ],
)
def test_what_is_no_number_is_refused(wrong, text):
    with pytest.raises(InputError, match=text):
        floats(wrong, "time", "d")


@pytest.mark.parametrize(
    "given_",
    [pa.array([1, None]), pa.chunked_array([[1.0], [None]]), pd.Series([1, None], dtype="Int64"), [1.0, None],
     [1.0, np.ma.masked], np.array([1.0, np.nan], ">f8"), np.array([1.0, np.nan], np.float32),
     pd.Series([1.0, None], index=["unit", "mask"])],
)  # fmt: skip
def test_other_arrays_and_their_nulls(given_):
    found = floats(given_, "x")
    assert found.dtype == np.dtype(np.float64)
    np.testing.assert_array_equal(found, [1.0, np.nan])


@pytest.mark.parametrize("wrong", [[0, 1.5], [0, np.nan], [0, 300], pa.array([0, None]), [0, np.inf]])
def test_integers_are_whole_and_fit(wrong):
    with pytest.raises(InputError, match="whole numbers"):
        integers(wrong, "band", np.int8)


@given(st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=8))
@settings(max_examples=50, deadline=None)
def test_texts_keep_what_is_there(values):
    for made in (values, np.array(values, object), pd.Series(values, dtype=object), pa.array(values, pa.string())):
        assert texts(made, "label").tolist() == values


@pytest.mark.parametrize("wrong", [None, np.ma.masked, [1.0, 2.0], "x", 1 * u.m])
def test_a_number_is_one_number(wrong):
    with pytest.raises(InputError, match="radius"):
        number(wrong, "radius", "arcsec")


def test_units_as_headers_spell_them():
    spelled = {"deg": ["degrees", "DEG", "degree", "'deg'", " deg "], "arcsec": ["asec", "as", "arcseconds"],
               "d": ["days", "day", "JD", "MJD"], "mag": ["mag(AB)", "ABmag", "Vegamag", "magnitude", "MAG"],
               "mas/yr": ["mas.yr**-1", "mas.yr-1", "mas yr^-1"], "km/s": ["km.s**-1", "km s-1"]}  # fmt: skip
    assert {factor(text, unit, "x") for unit, texts_ in spelled.items() for text in texts_} == {1.0}
    assert factor(u.ABmag, "mag", "x") == 1.0
    assert factor("hours", "deg", "ra", hours=True) == factor(u.hourangle, "deg", "ra") == 15.0
    for text in ("---", "", "none", None):
        assert factor(text, "deg", "x") == 1.0

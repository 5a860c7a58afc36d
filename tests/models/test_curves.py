from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from labelled_curves import as_table, curves

from lcscale.errors import InputError
from lcscale.lightcurves import LIGHTCURVE_TYPE, LightCurves
from lcscale.models import LabelledCurves, Preparation, Split, TrainingOptions, ValueHead, train
from lcscale.models.inputs.preparation import prepare
from lcscale.models.labels.curves import numbers_of
from lcscale.models.labels.roles import ROLES
from lcscale.periods import PERIOD_SCHEMA
from lcscale.simulation.synthesis import synthesize

SMALL = TrainingOptions(epochs=2, filters=(4, 4, 4), hidden=8, stacked_with=())


def survey(bands, labels, seed, n=60):
    made = synthesize([("RRab", "EA")[i % 2] for i in range(n)], seed, bands=bands, n_observations=(40, 60))
    lcs = made.lcs if len(bands) > 1 else made.lcs.select_band(bands[0])
    place = np.random.default_rng(seed).integers(0, 12 << 58, n)
    label = np.array([labels[i % 2] for i in range(n)], object)
    return LabelledCurves(lcs, made.period, label, place, bands)


def test_surveys_of_different_bands_and_names_are_joined():
    ogle = survey(("I", "V"), ("RRab", "NC"), 1)
    crts = survey(("V",), ("Blazhko", "EA"), 2)
    unnamed = LightCurves(crts.lcs.time, crts.lcs.mag, crts.lcs.mag_err, crts.lcs.offsets)
    parts = [ogle.as_survey("ogle", ROLES, "ogle"), crts.as_survey("crts", ROLES, "crts")]
    joined = LabelledCurves.concatenate(parts)
    assert joined.bands == joined.lcs.bands == ("g", "r")
    assert set(joined.label[:60]) == {"RRab", "ECL_NC"}
    assert set(joined.label[60:]) == {"BLAZHKO", "EA"}
    assert joined.origin.tolist() == ["ogle"] * 60 + ["crts"] * 60
    np.testing.assert_array_equal(joined.lcs.select_band("g").take(np.arange(60)).mag, ogle.lcs.select_band("V").mag)
    assert joined.lcs.select_band("r").counts[60:].max() == 0
    assert joined.lcs.select_band("r").counts[:60].min() > 0
    alone = LabelledCurves(unnamed, crts.period, crts.label, crts.healpix_29).as_survey("x", ROLES)
    assert (alone.lcs.band == 0).all()


def test_stars_with_few_observations_keep_all_bands_that_a_role_may_take():
    """They are shown all bands together: so must they be taught."""
    pan_starrs = survey(("g", "r", "i", "z"), ("RRab", "CONST"), 1, n=6)
    bands = (*pan_starrs.bands, "y")
    five = replace(pan_starrs, lcs=replace(pan_starrs.lcs, bands=bands), bands=bands)
    gaia = survey(("G",), ("RRab", "EA"), 2, n=6)
    joined = LabelledCurves.concatenate([gaia.as_survey("gaia", ROLES), five.as_survey("pan_starrs", ROLES)])
    assert joined.bands == joined.lcs.bands == ("g", "r", "i", "z")
    for band in "griz":
        np.testing.assert_array_equal(joined.lcs.select_band(band).mag[-9:], five.lcs.select_band(band).mag[-9:])
    told = replace(gaia, columns={"evidence": np.ones(6)})
    both = LabelledCurves.concatenate([gaia, told]).columns["evidence"]
    assert np.isnan(both[:6]).all()
    assert (both[6:] == 1).all()
    few = five.lcs.keep(np.arange(five.lcs.time.size) % 9 == 0)
    seen, asked = (replace(each, lcs=few).as_survey("few", ROLES) for each in (five, pan_starrs))
    shown, alone = (prepare(each.lcs, each.period, Preparation(), bands=each.bands).numbers for each in (seen, asked))
    direct = prepare(few, five.period, Preparation(), bands=bands).numbers
    np.testing.assert_array_equal(shown, direct)
    np.testing.assert_array_equal(alone, direct)


def test_the_card_has_figures_of_each_catalog(tmp_path):
    one = survey(("g", "r"), ("RRab", "EA"), 1).as_survey("one", ROLES)
    two = survey(("G",), ("RRab", "ECL"), 2).as_survey("two", ROLES, "gaia")
    joined = LabelledCurves.concatenate([one, two])
    split = Split(order=5, test=0.4)
    model = train(joined, tmp_path / "m", trained_on="real", split=split, options=SMALL, min_class_size=5)
    figures = model.card.metrics["test"]
    assert set(figures["by_origin"]) == {"one", "two"}
    assert sum(row["n"] for row in figures["by_origin"].values()) == figures["n"]
    assert model.classes == ("RRab", "EA")
    right = sum(row["n"] * row["accuracy"] for row in figures["by_origin"].values())
    np.testing.assert_allclose(right / figures["n"], figures["accuracy"], atol=1e-4)


def test_batches_that_lack_a_band_keep_their_codes():
    made = synthesize(["RRab"] * 4, 5, n_observations=(20, 30))
    field = pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": "g,r"})
    schema = pa.schema(
        [pa.field("_healpix_29", pa.int64()), field, PERIOD_SCHEMA.field("period"), pa.field("label", pa.string())]
    )
    tables = [
        pa.Table.from_arrays(
            [pa.array([1] * 4), lcs.to_arrow(), pa.array(made.period), pa.array(["RRab"] * 4)], schema=schema
        )
        for lcs in (made.lcs, made.lcs.keep(made.lcs.band == 1))
    ]
    joined = LabelledCurves.from_tables(tables)
    assert joined.bands == ("g", "r")
    np.testing.assert_array_equal(joined.lcs.select_band("r").mag, np.tile(made.lcs.select_band("r").mag, 2))
    assert joined.lcs.select_band("g").counts[4:].max() == 0


def test_numbers_with_names_of_ours_are_taken_where_we_made_them():
    schema = pa.schema([("amplitude", pa.float64()), ("bp_rp", pa.float64()), PERIOD_SCHEMA.field("period_2")])
    table = pa.Table.from_arrays([pa.array([1.0]), pa.array([0.7]), pa.array([3.0])], schema=schema)
    assert set(numbers_of(table, ["amplitude", "bp_rp", "period_2", "period_3"])) == {"bp_rp", "period_2"}


def test_nothing_is_trained_on_a_period_of_the_survey():
    made = as_table(curves(6))
    theirs = made.set_column(2, pa.field("period", pa.float64()), made["period"])
    with pytest.raises(InputError, match="the survey's own"):
        LabelledCurves.from_tables([theirs])
    renamed = theirs.rename_columns(["_healpix_29", "lightcurve", "cat_period", "label"])
    assert LabelledCurves.from_tables([renamed], period="cat_period").period.tolist() == made["period"].to_pylist()


def test_values_are_read_in_the_unit_of_their_head():
    labelled = curves(6)
    field = pa.field("period_true", pa.float64(), metadata={"unit": "h"})
    table = as_table(labelled).append_column(field, pa.array(24 * labelled.period))
    read = LabelledCurves.from_tables([table], columns=ValueHead("period_true", "d").further_columns())
    np.testing.assert_allclose(read.columns["period_true"], labelled.period)
    as_it_is = LabelledCurves.from_tables([table], columns=ValueHead("period_true").further_columns())
    np.testing.assert_allclose(as_it_is.columns["period_true"], 24 * labelled.period)
    with pytest.raises(InputError, match="period_true"):
        LabelledCurves.from_tables([table], columns=ValueHead("period_true", "mag").further_columns())

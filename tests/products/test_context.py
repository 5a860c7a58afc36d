"""Colour, parallax and the Cepheids' relation as numbers of a star: against astropy, and with what is missing."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import Distance

from lcscale.periods import PERIOD_SCHEMA
from lcscale.products.context import COLUMNS, CONTEXT, Context, context_of
from lcscale.products.rrlyrae.relations import relations
from lcscale.vocabulary import append_columns, schema_of

NONE = np.full(3, np.nan)
G, BP_RP = np.array([9.0, 12.0, 15.0]), np.array([0.8, 1.1, 1.6])
DISTANCE = Distance([500, 2000, 8000] * u.pc)


def known(**changed):
    given = dict.fromkeys(("g", "bp", "rp", "bp_rp", "parallax", "parallax_error", "period"), NONE)
    given |= {"g": G, "bp_rp": BP_RP, "parallax": DISTANCE.parallax.mas, "parallax_error": np.full(3, 0.02)}
    return context_of(**(given | {"period": np.array([3.0, 10.0, 30.0])} | changed))


def test_luminosity_and_offset_are_those_of_the_distance_modulus():
    absolute = G - 1.90 * BP_RP - DISTANCE.distmod.value
    found = known()
    np.testing.assert_allclose(found["context_luminosity"], np.arcsinh(10 * 10 ** (0.2 * absolute)), rtol=1e-9)
    cepheid = relations()["lmc_cepheids_wg_f"].value({"log_period": np.log10([3.0, 10.0, 30.0])})
    np.testing.assert_allclose(found["context_cepheid_offset"], absolute - cepheid, rtol=1e-9)
    np.testing.assert_allclose(found["context_parallax_over_error"], DISTANCE.parallax.mas / 0.02)
    assert (found["context_luminosity_low"] < found["context_luminosity"]).all()
    assert (found["context_luminosity_high"] > found["context_luminosity"]).all()


def test_a_classical_cepheid_lies_on_its_relation():
    period = np.array([3.0, 10.0, 30.0])
    absolute = relations()["lmc_cepheids_wg_f"].value({"log_period": np.log10(period)})
    found = known(g=absolute + DISTANCE.distmod.value + 1.90 * BP_RP)
    np.testing.assert_allclose(found["context_cepheid_offset"], 0, atol=1e-9)
    np.testing.assert_allclose(found["context_cepheid_tension"], 0, atol=1e-9)


def test_reddening_leaves_luminosity_alone():
    """A_G = 1.90 E(BP - RP): the Wesenheit index stays."""
    reddened = known(g=G + 1.90 * 0.5, bp_rp=BP_RP + 0.5)
    np.testing.assert_allclose(reddened["context_luminosity"], known()["context_luminosity"], rtol=1e-9)
    np.testing.assert_allclose(reddened["context_colour"], known()["context_colour"] + 0.5)


def test_parallaxes_at_zero_and_below_have_numbers_too():
    found = known(parallax=np.array([0.0, -0.1, -2.0]))
    assert all(np.isfinite(values).all() for values in found.values())
    assert found["context_luminosity"][0] == 0
    assert (np.diff(found["context_parallax_over_error"]) < 0).all()


def test_what_is_missing_stays_missing_and_no_more():
    no_period = known(period=NONE)
    assert np.isnan(no_period["context_cepheid_offset"]).all()
    assert np.isfinite(no_period["context_luminosity"]).all()
    no_parallax = known(parallax=NONE)
    assert np.isfinite(no_parallax["context_colour"]).all()
    assert np.isnan(no_parallax["context_luminosity"]).all()
    typical = known(parallax_error=NONE, g=np.array([14.0, 17.0, 20.0]))
    ratio = DISTANCE.parallax.mas / typical["context_parallax_over_error"]
    assert ratio.tolist() == pytest.approx([0.03, 0.07, 0.5], rel=0.12)  # Gaia EDR3's medians
    from_bands = known(bp_rp=NONE, bp=G + BP_RP, rp=G)
    np.testing.assert_allclose(from_bands["context_colour"], BP_RP)


def table(**columns):
    period = pa.Table.from_arrays([pa.array([3.0, 10.0, 30.0])], schema=pa.schema([PERIOD_SCHEMA.field("period")]))
    return append_columns(pa.table(columns), period)


def test_the_step_reads_the_names_of_the_archive_and_of_vizier():
    measured = {"phot_g_mean_mag": G, "bp_rp": BP_RP, "parallax": DISTANCE.parallax.mas}
    step = Context()
    archive = step(table(**measured))
    assert archive.schema.equals(step.schema(table(**measured).schema), check_metadata=True)
    assert archive.column_names[-len(CONTEXT) :] == list(CONTEXT)
    assert schema_of(COLUMNS).names == list(CONTEXT)
    vizier = step(table(Gmag=G, **{"BP-RP": BP_RP}, Plx=DISTANCE.parallax.mas))
    joined = step(table(**{f"{name}_gaia": values for name, values in measured.items()}))
    for other in (vizier, joined):
        assert other.select(list(CONTEXT)).equals(archive.select(list(CONTEXT)))
    arcsec = pa.table({"g": [1.0] * 3}).append_column(
        pa.field("parallax", pa.float64(), metadata={"unit": "arcsec"}), pa.array(DISTANCE.parallax.arcsec)
    )
    told = {name: archive.column(name) for name in ("phot_g_mean_mag", "bp_rp", "period")}
    in_arcsec = pa.table(
        {**told, "parallax": arcsec.column("parallax")},
        schema=pa.schema([*(archive.schema.field(name) for name in told), arcsec.schema.field("parallax")]),
    )
    luminosity = step(in_arcsec)["context_luminosity"].to_numpy()
    np.testing.assert_allclose(luminosity, archive["context_luminosity"].to_numpy(), rtol=1e-6)
    assert step(table(mag=G))["context_colour"].null_count == 3

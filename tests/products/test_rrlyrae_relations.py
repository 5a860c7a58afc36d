"""Bayesian relations: planted coefficients and published relations are found again from samples of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lcscale.errors import InputError
from lcscale.products.rrlyrae.bayesian import fit_relation
from lcscale.products.rrlyrae.relations import relations
from lcscale.products.rrlyrae.sample import Cuts, clean_sample
from lcscale.surveys.positions import gaia_positions

PLANTED = np.array([-0.37, -5.55, 0.94])


def sample(seed, coefficients=PLANTED, n=95, scatter=0.25, outliers=3):
    """Stars as the calibrators are: periods, φ31 that grows with it, errors on both axes, a few outliers."""
    rng = np.random.default_rng(seed)
    period = rng.normal(0.57, 0.08, n)
    phi31 = 2.2 + 3.5 * (period - 0.57) + rng.normal(0, 0.35, n)
    error, label_error = rng.uniform(0.03, 0.4, n), rng.uniform(0.05, 0.2, n)
    feh = coefficients @ np.stack([np.ones(n), period, phi31]) + rng.normal(0, scatter, n) + rng.normal(0, label_error)
    feh[:outliers] += rng.normal(0, 1.5, outliers)
    terms = np.stack([period, phi31 + rng.normal(0, error)], axis=1)
    return terms, np.stack([np.full(n, 1e-5), error], axis=1), feh, label_error


def fitted(seed, coefficients=PLANTED, n=95, steps=800):
    return fit_relation(("period", "phi31"), *sample(seed, coefficients, n), steps=steps, seed=seed)


def test_a_published_relation_comes_back_from_a_sample_drawn_from_it():
    published = relations()["inaf_rrab"]
    planted = np.array([published.constant, published.coefficients["period"], published.coefficients["phi31"]])
    posterior = fitted(1, planted, n=500, steps=500)
    found = posterior.summary()
    for name, true in zip(("constant", "period", "phi31"), planted, strict=True):
        assert abs(found[name]["median"] - true) < 3 * found[name]["error"]
    assert found["phi31"]["error"] < 0.08
    assert 0.2 < found["scatter"]["median"] < 0.3
    assert fitted(1, planted, n=500, steps=500).draws == pytest.approx(posterior.draws)  # seeded


@pytest.mark.slow
def test_planted_coefficients_lie_within_two_errors_in_nine_of_ten_simulations():
    inside = np.zeros(3)
    for seed in range(100):
        draws = fitted(seed).draws[:, :3]
        inside += np.abs(draws.mean(axis=0) - PLANTED) < 2 * draws.std(axis=0)
    print(inside)
    assert (inside >= 90).all()


def test_what_cannot_be_fitted_is_refused():
    terms, errors, feh, label_error = sample(0)
    feh[3] = np.nan
    with pytest.raises(InputError, match="no number that is missing"):
        fit_relation(("period", "phi31"), terms, errors, feh, label_error)


def measurements():
    """Three stars of Gaia's, of which one is observed twice, one has the Blazhko effect, and one overtone."""
    ids = [4224859720193721856, 6380659528686603008, 5412243359495900928]
    ra, dec = gaia_positions(np.array(ids))
    rows = [("A", "RRab", -1.0, 0.1, 0.0, 0), ("A", "RRab", -1.2, 0.1, 0.1, 0), ("B", "RRab-BL", -1.5, 0.1, None, 1)]
    rows += [("C", "RRc", -1.5, 0.1, 0.0, 2), ("D", "RRab", -2.0, 0.1, 0.0, None)]
    spectroscopy = pa.Table.from_pylist(
        [
            {
                "name": name, "type": kind, "feh": feh, "e_feh": error, "shift": shift, "source": "S",
                "ra_gaia": 10.0 if k is None else float(ra[k]), "dec_gaia": 80.0 if k is None else float(dec[k]),
            }
            for name, kind, feh, error, shift, k in rows
        ]
    )  # fmt: skip
    names = ("pf", "phi21_g", "phi31_g", "A1", "A2", "A3")
    values = {name: [0.5] * 3 for name in names} | {f"{name}_error": [0.01] * 3 for name in names}
    return spectroscopy, pa.table({"source_id": ids, **values, "FeH": [9.0] * 3})


def test_the_clean_sample_says_who_is_in_and_why():
    rows = {row["name"]: row for row in clean_sample(*measurements()).to_pylist()}
    assert rows["A"]["reason"] is None
    assert rows["A"]["feh"] == pytest.approx(-1.05)
    assert (rows["A"]["n_measurements"], rows["A"]["source_id"]) == (2, 4224859720193721856)
    assert [rows[name]["reason"] for name in "BCD"] == [
        "Blazhko effect",
        "RRc: not RRab",
        "no Fourier parameters of Gaia",
    ]
    assert "FeH" not in rows["A"]
    strict = clean_sample(*measurements(), Cuts(phi31_error=0.001)).to_pylist()[0]
    assert strict["reason"] == "error of φ31 above 0.001 rad"

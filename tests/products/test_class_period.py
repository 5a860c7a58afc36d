"""Doubts about a periodic class: each kind of star that is not periodic, and those that are."""

import numpy as np
import pyarrow as pa
import pytest

from lcscale.lightcurves import LIGHTCURVE_TYPE
from lcscale.models.heads.columns import CLASS
from lcscale.periods import PERIOD
from lcscale.products.class_period import SURE, SURE_TIED, PeriodOfClass, _doubts, cycle_of
from lcscale.simulation.synthesis import synthesize


def test_doubts_name_the_first_that_applies_to_a_periodic_class():
    rows = [
        # class, evidence, evidence_walk, coupling, alias, what is expected
        ("DCEP_2O", SURE - 1, 3.0, "free", None, "constant"),
        ("RRab", SURE + 1, -2.0, "free", "1/day", "wanders"),
        ("RRab", SURE + 1, 9.0, "templates", None, "constant"),
        ("RRab", SURE_TIED + 1, 9.0, "templates", None, None),
        ("EW", SURE + 1, 4.0, "free", "1/day", "alias"),
        ("EW", SURE + 1, 4.0, None, None, None),
        ("QSO", -3.0, -3.0, "free", "1/day", None),
        ("RRab", None, None, None, None, None),
        (None, -3.0, -3.0, "free", None, None),
    ]
    names, evidence, walk, coupling, alias, expected = (list(each) for each in zip(*rows, strict=True))
    columns = {"evidence": evidence, "evidence_walk": walk, "coupling": coupling, "alias": alias}
    cycles = [cycle_of(name) for name in names]
    assert _doubts(pa.table(columns), cycles, np.zeros(len(names), bool)).to_pylist() == expected
    long = _doubts(pa.table(columns), cycles, np.ones(len(names), bool)).to_pylist()
    assert long == [each or "long" for each in expected]


def test_catalogs_without_evidence_have_no_doubts():
    assert _doubts(pa.table({"class": ["RRab"]}), ["pulsation"], np.zeros(1, bool)).to_pylist() == [None]


@pytest.mark.parametrize(
    ("name", "cycles", "expected"), [("MIRA", 1.5, "long"), ("MIRA", 2.5, None), ("QSO", 1.5, None)]
)
def test_a_period_longer_than_half_of_the_observations_is_doubted_where_the_class_has_one(name, cycles, expected):
    made = synthesize(["MIRA"], 1, n_observations=(80, 90))
    duration = made.lcs.time[-1] - made.lcs.time[0]
    columns = {"lightcurve": made.lcs.to_arrow(), "class": [name], "period": [duration / cycles]}
    fields = [pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": "g,r"}), CLASS.field, PERIOD.field]
    table = pa.table(columns).cast(pa.schema(fields))
    assert PeriodOfClass()(table)["doubt"].to_pylist() == [expected]

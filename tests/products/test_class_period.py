"""Doubts about a periodic class: each kind of star that is not periodic, and those that are."""

import pyarrow as pa

from lcscale.products.class_period import SURE, SURE_TIED, _doubts, cycle_of


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
    found = _doubts(pa.table(columns), [cycle_of(name) for name in names])
    assert found.to_pylist() == expected


def test_catalogs_without_evidence_have_no_doubts():
    assert _doubts(pa.table({"class": ["RRab"]}), ["pulsation"]).to_pylist() == [None]

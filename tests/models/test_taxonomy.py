import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcscale.errors import InputError
from lcscale.models.labels import taxonomy
from lcscale.models.labels.targets import targets_of
from lcscale.simulation.templates import TEMPLATES

CRTS_NORTH = {
    "EA": "EA",
    "EW": "EW",
    "RRab": "RRab",
    "RRc": "RRc",
    "RS_CVn": "RSCVN",
    "LPV": "LPV",
    "RRd": "RRd",
    "beta_lyrae": "EB",
    "HADS": "DSCT",
    "ELL": "ELL",
    "Cep_II": "T2CEP",
    "PCEB": "PCEB",
    "Blazhko": "BLAZHKO",
    "ACEP": "ACEP",
    "Hump": "HUMP",
    "LADS": "DSCT",
}


def test_parents_exist_and_lead_to_a_root():
    for name in taxonomy.classes():
        assert taxonomy.ancestors(name)[0] == name


def test_groups_have_members():
    parents = {entry.parent for entry in taxonomy.classes().values()}
    assert {name for name, entry in taxonomy.classes().items() if entry.group} <= parents


def test_words_are_unique_within_each_survey():
    for survey, words in taxonomy.taxonomy().surveys.items():
        assert len({word.casefold() for word in words}) == len(words), survey


def test_adding_a_survey_and_a_class_is_adding_a_table(tmp_path, monkeypatch):
    own = tmp_path / "mine.toml"
    own.write_text(
        '[classes]\nBLAP = { title = "blue large-amplitude pulsator" }\nDAV = { title = "ZZ Ceti", parent = "BLAP" }\n'
        '[asas]\nRRab = ["RRAB"]\nBLAP = ["bl"]\n[ogle]\nBLAP = ["blap"]\n'
    )
    monkeypatch.setenv(taxonomy.OWN_FILE, str(own))
    assert taxonomy.map_labels(["RRAB", "bl", "EW", "blap"], "asas").tolist() == ["RRab", "BLAP", "EW", "BLAP"]
    assert taxonomy.class_of("blap", "ogle") == "BLAP"
    assert taxonomy.class_of("1O", "ogle") == "DCEP_1O", "what we ship stays"
    assert taxonomy.ancestors("DAV") == ("DAV", "BLAP")
    assert targets_of(np.array(["DAV", "BLAP", "EW"], object), 2).label.tolist() == ["BLAP", "BLAP", "ECL"]
    own.write_text('[asas]\nWOLF = ["w"]\n')
    with pytest.raises(InputError, match="asas.WOLF is none of the classes"):
        taxonomy.Taxonomy.read(own)
    monkeypatch.setenv(taxonomy.OWN_FILE, str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="cannot read the table of labels"):
        taxonomy.classes()


def test_every_synthesized_class_is_known():
    assert set(TEMPLATES) <= set(taxonomy.classes())


@pytest.mark.parametrize(("label", "name"), CRTS_NORTH.items())
def test_crts_names(label, name):
    assert taxonomy.class_of(label, "crts") == name


@pytest.mark.realdata
def test_every_label_of_the_real_surveys_is_mapped(real_data):
    import pandas as pd

    for file, column, survey in (
        ("crts_north/objects.csv", "cls", "crts"),
        ("crts_south/objects.csv.gz", "type_name", "crts"),
        ("gaia_dr3_epochs/objects.csv", "best_class_name", "gaia"),
    ):
        labels = pd.read_csv(real_data / file, usecols=[column])[column].dropna().unique()
        assert [label for label in labels if taxonomy.class_of(label, survey) is None] == []


def test_the_same_name_means_what_its_survey_means():
    assert taxonomy.class_of("RR", "ztf_chen") == "RRab"
    assert taxonomy.class_of("RR", "gaia") == "RR"
    assert taxonomy.class_of("C") == "EW"


def test_unknown_labels_and_surveys():
    assert taxonomy.map_labels(["RRab", None, "no such class"]).tolist() == ["RRab", None, None]
    with pytest.raises(InputError, match="no survey 'hipparcos'.*crts"):
        taxonomy.class_of("RRab", "hipparcos")
    with pytest.raises(InputError, match="no class 'X'"):
        taxonomy.ancestors("X")


def test_rare_classes_count_as_their_parent():
    labels = np.array(["PCEB"] * 3 + ["EA"] * 9 + ["ACEP"] * 2 + ["T2CEP"] * 9, dtype=object)
    assert taxonomy.roll_up(labels, 5).tolist() == ["EA"] * 12 + ["CEP"] * 2 + ["T2CEP"] * 9


@given(st.lists(st.sampled_from(sorted(taxonomy.classes())), min_size=1, max_size=12, unique=True), st.integers(0, 99))
def test_children_sum_to_their_parents(names, seed):
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(len(names)), 5)
    summed = taxonomy.with_parents(names, probabilities)
    children: dict[str, list[str]] = {}
    for name in summed:
        if (parent := taxonomy.classes()[name].parent) is not None:
            children.setdefault(parent, []).append(name)
    for parent, kids in children.items():
        own = probabilities[:, names.index(parent)] if parent in names else 0.0
        np.testing.assert_allclose(summed[parent], own + sum(summed[kid] for kid in kids), atol=1e-12)
    roots = [value for name, value in summed.items() if taxonomy.classes()[name].parent is None]
    np.testing.assert_allclose(sum(roots), 1.0, atol=1e-12)

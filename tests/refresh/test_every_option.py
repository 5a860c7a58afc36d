"""A walk over every step, survey and key of a pipeline: whatever option changes, it is another task.

An option that a key forgot would give stale rows. Fields are found by looking into the classes, so that one that is
added is walked over too.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from skies import put, sky_table

import lcscale
from lcscale.crossmatch import MatchOptions, ProperMotion
from lcscale.features import Extract
from lcscale.ingest import Partitioning
from lcscale.ingest.release import made_with
from lcscale.ingest.sources import options_text
from lcscale.lake import Cone, Lake
from lcscale.lake.job import Plan
from lcscale.lake.joining import Join
from lcscale.lake.neighbours import Crossmatch
from lcscale.lake.row_keys import row_keys
from lcscale.lightcurves.detections import Detections
from lcscale.lightcurves.field_offsets import AlignFields
from lcscale.lightcurves.wesenheit import Wesenheit
from lcscale.models import Classify
from lcscale.periods import FrequencyGrid, Search
from lcscale.products.class_period import PeriodOfClass
from lcscale.products.completeness import Inject, JoinCompleteness, Recovered
from lcscale.products.completeness.measuring import completeness_draft
from lcscale.products.context import Context
from lcscale.products.counterparts import KeepMatch
from lcscale.products.definitions import AtLeast
from lcscale.products.judged import Judged
from lcscale.products.observations import CountObservations
from lcscale.products.outbursts import Outbursts, find_outbursts
from lcscale.products.rrlyrae import Distances, FourierPopulation, Metallicities
from lcscale.products.yso.candidates import Agreement
from lcscale.products.yso.classify import ClassifyYSO
from lcscale.products.yso.photometry import Photometry
from lcscale.refresh.entries import read_entries
from lcscale.refresh.kinds import CATALOGS, KEPT, TABLES
from lcscale.refresh.making import adapter, bins_of, view
from lcscale.refresh.states import partitioning_of, table_plan
from lcscale.simulation.injection import read_signals
from lcscale.steps import Select, Where
from lcscale.surveys import ADAPTERS
from lcscale.surveys.planck import SampleMap

ROOT = Path(lcscale.__file__).parent


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Three small catalogs; the stars have light curves, the others what surveys of the sky have."""
    lake = Lake(tmp_path_factory.mktemp("walk"))
    rng = np.random.default_rng(0)
    names = ("pmra", "pmdec", "phot_g_mean_mag", "parallax", "j_m", "h_m", "k_m", "w1mpro", "w2mpro", "e", "time")
    for name, n, curves in (("stars", 60, True), ("others", 40, True), ("third", 30, False)):
        table = sky_table(n, len(name), lightcurves=curves)
        for each in names:
            table = table.append_column(each, pa.array(rng.uniform(1, 20, n)))
        table = table.append_column("label", pa.array(rng.choice(["YSO", "SN"], n)))
        put(lake, name, table.append_column("class", pa.array(["RRab"] * n)))
    put(lake, "injections", sky_table(20, 3))
    none = lake["stars"].where("mean_mag < -100")  # its columns matter, no row
    none.map(Search(fmax=1.0)).without("lightcurve").write("periods", progress=False)
    find_outbursts(lake["stars"], search=False).write("bursts", progress=False)
    return lake


def steps(lake):
    """A step of each class."""
    stars, others = lake["stars"], lake["others"].without("lightcurve")
    return [
        Search(FrequencyGrid.for_baseline(100.0, 2.0), bands=("g",)),
        Extract(("amplitude",), bands=("g",)),
        Classify("demo"),
        PeriodOfClass(),
        Inject(read_signals()),
        Recovered(),
        JoinCompleteness(pa.table({"n": [1]})),
        ClassifyYSO(),
        Crossmatch(stars.without("lightcurve"), others, MATCH),
        Join(others, "object_id"),
        Select(("ra", "dec")),
        Where("mean_mag < 15"),
        CountObservations(("g",)),
        KeepMatch(("ra",), (("a", "b"),)),
        Agreement(("a",)),
        Photometry((("g", "phot_g_mean_mag"),), ("ra",)),
        AtLeast("mean_mag", 3.0),
        Detections(),
        AlignFields(),
        Wesenheit(),
        Judged((("a", "RRab", None),)),
        FourierPopulation(),
        Metallicities(),
        Distances(),
        Outbursts(),
        Context(),
    ]


MATCH = MatchOptions(
    radius_arcsec=5.0,
    left_motion=ProperMotion(epoch=2016.0),
    epoch=2000.0,
    n_sigma=3.0,
    left_error="e",
    max_mag_difference=1.0,
    left_mag="mean_mag",
    right_mag="mean_mag",
)
NO_MATTER = {
    ("Crossmatch", "right"): "what is read of it is told beside the options (kind crossmatch, below)",
    ("Join", "right"): "what is read of it is told beside the options (kind join, below)",
    ("Crossmatch", "left"): "rows of the leaf itself are in the task's key; of other leaves only where rows compete",
    ("Classify", "model"): "where the model lies; what it is stands in model_id",
    ("FourierPopulation", "model"): "where the model lies; what it is stands in model_id",
    ("Metallicities", "model"): "where the model lies; what it is stands in model_id",
    ("ClassifyYSO", "model"): "where the model lies; what it is stands in model_id",
}
"""Fields that change no result, and why."""
ELSEWHERE = {"OfSets": "training reads rows, and writes none", "SampleMap": "see test_a_map_counts_by_its_content"}
"""Steps that are not walked over here, and why."""


class Another:
    """Stands for any other value."""

    def __repr__(self):
        return "<another value>"

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_):
        return "<another value>"


def changed(value):
    """`value` with each of its fields, and theirs, changed in turn: the path of the field, and the changed value."""
    for each in (one for one in fields(value) if one.init and one.name != "device"):
        inner = getattr(value, each.name)
        if is_dataclass(inner) and type(inner).__module__.startswith("lcscale") and type(inner).__name__ != "Catalog":
            for path, other in changed(inner):
                yield (each.name, *path), _with(value, each.name, other)
        else:
            yield (each.name,), _with(value, each.name, Another())


def _with(value, name, other):
    found = copy.copy(value)
    found.__dict__.pop("_options_text", None)  # kept from the first time it was asked for
    object.__setattr__(found, name, other)
    return found


def text_of(step):
    """The fingerprint of a step, with no word of what it reads of others."""
    return step.fingerprint_with(["", ""]) if hasattr(step, "fingerprint_with") else step.fingerprint()


def classes_of_steps():
    """Names of all step classes of the package: those that say a version, and can be called or descend from such."""
    found, heirs = {}, {}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not any("Protocol" in ast.dump(base) for base in node.bases):
                methods = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
                given = [each.targets[0] for each in node.body if isinstance(each, ast.Assign)]
                if "version" in [getattr(name, "id", "") for name in given]:
                    bases = {getattr(base, "id", "") for base in node.bases}
                    (found if "__call__" in methods else heirs)[node.name] = bases
    return found | {name: bases for name, bases in heirs.items() if bases & found.keys()}


def test_every_step_is_walked_over(lake):
    assert {type(step).__name__ for step in steps(lake)} | ELSEWHERE.keys() == classes_of_steps().keys()


def test_every_field_of_every_step_is_in_its_fingerprint(lake):
    walked = []
    for step in steps(lake):
        told = text_of(step)
        assert text_of(copy.copy(step)) == told
        for path, other in changed(step):
            name = type(step).__name__
            if (name, path[0]) in NO_MATTER:
                continue
            assert text_of(other) != told, (name, path)
            walked.append((name, *path))
        newer = type(type(step).__name__, (type(step),), {"version": step.version + 1})
        again = copy.copy(step)
        object.__setattr__(again, "__class__", newer)
        assert text_of(again) != told, (name, "version")
    assert {("Search", "grid", "df"), ("Crossmatch", "options", "left_motion", "epoch")} <= set(walked)
    assert len(walked) > 45


def test_a_fingerprint_a_column_and_the_area_are_in_the_task_and_in_the_keys_of_rows(lake):
    stars = lake["stars"]
    base = stars.map(Search(fmax=1.0))
    views = [base, stars.map(Search(fmax=2.0)), base.columns("period"), base.region(Cone(10.0, 10.0, 3600.0 * 40))]
    keys = [set(Plan(each).places) for each in views]
    for number, one in enumerate(keys):
        for other in keys[number + 1 :]:
            assert one.isdisjoint(other)
    rows = stars.columns("mean_mag").to_arrow()
    assert set(map(bytes, row_keys(rows, "Search v4"))).isdisjoint(map(bytes, row_keys(rows, "Search v5")))


def test_a_map_counts_by_its_content(tmp_path, lake):
    import healpy

    values = np.arange(12 * 4.0**2)
    for name, content in (("a", values), ("b", values), ("c", values + 1)):
        healpy.write_map(str(tmp_path / f"{name}.fits"), content, coord="G", dtype=np.float32)
    told = {name: SampleMap(str(tmp_path / f"{name}.fits")).fingerprint() for name in "abc"}
    assert told["a"] == told["b"] != told["c"]
    step = SampleMap(str(tmp_path / "a.fits"))
    for path, other in changed(step):
        if path != ("path",):
            assert other.fingerprint() != told["a"], path


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_every_option_of_every_survey_makes_another_catalog(name):
    kind = ADAPTERS[name]
    given = {each.name: "x" for each in fields(kind) if each.name in REQUIRED}
    base = kind(**given)
    told, read = made_with(base, None), options_text(base)
    for each in fields(kind):
        other = _with(base, each.name, Another())
        assert repr(other) != repr(base), each.name
        if each.name != "objects":  # a list of objects counts by its content: it is part of what is read
            assert made_with(other, None) != told, each.name
            assert options_text(other) != read, each.name
    for limits in (Partitioning(rows=7), Partitioning(bytes=7)):
        assert made_with(base, limits) != told


REQUIRED = ("objects",)

YSO = 'yso = "third"\ntwomass = "others_plain"\ngaia_epoch = 2016.0'
NEAR = 'definitions = { near = { catalog = "third", probability = "mean_mag", at_least = 0.5 } }'
ENTRIES = {
    "ingest": (
        'ingest = "table"\nfiles = "x/*.parquet"\npartition_rows = 10',
        {"ingest": '"gaia_alerts"', "files": None, "partition_rows": "11"},
    ),
    "open": ('open = "STARS"', {"open": '"OTHERS"', "light_curves": None, "storage_options": None}),
    "crossmatch": (
        'crossmatch = ["stars", "others"]\nradius_arcsec = 5.0\nleft_motion = "pmra,pmdec"\nleft_epoch = 2016.0\n'
        'epoch = 2000.0\nn_sigma = 3.0\nleft_error = "e"\nright_error = "e"\nleft_mag = "mean_mag"\n'
        'right_mag = "mean_mag"\nmax_mag_difference = 1.0\nright_motion = "pmra,pmdec"\nright_epoch = 2015.5',
        {
            "crossmatch": '["stars", "third"]',
            "n_neighbors": "2",
            "how": '"left"',
            "mutual": "true",
            "suffix": '"_b"',
            "where": '"mean_mag < 15"',
            "chance_probability": "true",
            "radius_arcsec": "6.0",
            "n_sigma": "4.0",
            "max_mag_difference": "2.0",
            "density_radius_arcsec": "90.0",
            "left_mag": '"w1mpro"',
            "right_mag": '"w1mpro"',
            "left_motion": '"pmdec,pmra"',
            "right_motion": '"pmdec,pmra"',
            "left_error": '"w1mpro"',
            "right_error": '"w1mpro"',
            "epoch": "2001.0",
            "left_epoch": "2017.0",
            "right_epoch": "2017.0",
            "association": "true",
            "left_id": None,
            "right_id": None,
        },
    ),
    "join": ('join = ["stars", "third"]', {"join": '["third", "stars"]', "on": '"label"', "how": '"inner"'}),
    "select": (
        'select = "stars"',
        {"select": '"third"', "where": '"mean_mag < 15"', "columns": '["mean_mag"]', "without": '["mean_mag"]'},
    ),
    "classify": (
        'classify = "stars"\nfeatures = "periods"\nmodel = "demo"',
        {"classify": '"others"', "features": None, "model": '"general"', "prevalence": "{ LPV = 0.2 }"},
    ),
    "yso": (
        YSO,
        {
            "yso": '"third_bright"',
            "twomass": '"stars_plain"',
            "allwise": '"others_plain"',
            "known": '["stars_plain"]',
            "model": None,
            "tau": None,
            "dust_map": None,
            "prevalence": "{ YSO = 0.1, main_sequence = 0.5, extragalactic = 0.3, evolved = 0.1 }",
            "gaia_epoch": "2015.5",
            "outbursts": '"bursts"',
        },
    ),
    "outbursts": (
        'outbursts = "stars"',
        {"outbursts": '"others"', "features": '"periods"', "period": '"e"', "search": "false"},
    ),
    "inject": (
        'inject = "stars"\nmodel = "demo"\nclasses = ["RRab", "RRc"]\nsignals_wanted = 20\nband = "g"',
        {
            "inject": '"others"',
            "features": None,
            "model": '"general"',
            "signals": None,
            "classes": '["RRab"]',
            "signals_wanted": "10",
            "band": '"r"',
            "seed": "1",
            "prevalence": "{ LPV = 0.2 }",
        },
    ),
    "completeness": (
        'completeness = "injections"',
        {"completeness": '"others"', "cell_order": "2"},
    ),
    "metallicity": (
        'metallicity = "stars"\nband = "g"\nperiod = "e"',
        {
            "metallicity": '"others"',
            "model": None,
            "period": '"time"',
            "mode": '"class"',
            "band": '"r"',
            "relations": '["inaf_rrab", "muraveva2025_rrc"]',
            "prefer": '"trees"',
            "scale": '"labels"',
        },
    ),
    "distances": (
        'distances = "third"\nrelations = ["lmc_cepheids_wg_f"]\nmagnitude = "k_m"\nperiod = "e"',
        {
            "distances": '"third_bright"',
            "relations": '["lmc_cepheids_wg_1o"]',
            "magnitude": '"j_m"',
            "reddening": '"parallax"',
            "colour": None,
            "period": '"time"',
            "reddening_map": None,
        },
    ),
    "match_alerts": (
        f'match_alerts = "stars"\n{NEAR}',
        {
            "match_alerts": '"others"',
            "definitions": '{ near = { catalog = "third", probability = "mean_mag", at_least = 0.6 } }',
            "radius_arcsec": "3.0",
        },
    ),
    "features": (
        'features = "stars"',
        {"features": '"others"', "fmax": "3.0", "baseline": "70.0", "only": '["amplitude"]', "device": None},
    ),
    "alerts": (
        f'alerts = "stars"\ntime = "time"\n{NEAR}',
        {
            "alerts": '"others"',
            "by": '"month"',
            "definitions": '{ near = "third" }',
            "radius_arcsec": "3.0",
            "time": '"e"',
            "label": '"class"',
        },
    ),
}
"""An entry of each kind, and another value of each key; None for one that is walked over elsewhere (`SAID`)."""
SAID = {
    ("ingest", "files"): "the files are the parts of the plan",
    ("open", "light_curves"): "tests/lake/test_light_curve_fields.py",
    ("open", "storage_options"): "how it is reached, not what it is",
    ("crossmatch", "left_id"): "with association, below",
    ("crossmatch", "right_id"): "with association, below",
    ("classify", "features"): "below",
    ("inject", "features"): "below, as for classify",
    ("inject", "signals"): "below",
    ("yso", "model"): "one shipped model: model_id, in the walk over steps",
    ("yso", "tau"): "needs a dust map or a column: AtLeast, in the walk over steps",
    ("yso", "dust_map"): "SampleMap, above",
    ("metallicity", "model"): "one shipped model: model_id, in the walk over steps",
    ("distances", "colour"): "needs [Fe/H] and a mode: Distances, in the walk over steps",
    ("distances", "reddening_map"): "SampleMap, above",
    ("features", "device"): "no device changes a bit",
}


def told(tmp_path, lake, text, section="catalogs"):
    """What stands for the result of an entry."""
    places = {"STARS": str(lake.root / "stars"), "OTHERS": str(lake.root / "others")}
    for word, place in places.items():
        text = text.replace(word, place)
    path = tmp_path / "pipeline.toml"
    path.write_text(f'lake = "{lake.root}"\n[{section}.it]\n{text}\n')
    (entry,) = read_entries(path).entries.values()
    if entry.word == "ingest":
        return made_with(adapter(entry), partitioning_of(entry))
    if entry.word == "completeness":
        return completeness_draft(lake, entry.name, found(lake, entry.values["completeness"]), bins_of(entry)).plan
    if section == "tables":
        return table_plan(entry, lake, lambda name: found(lake, name))[0]
    return Plan(view(entry, lambda name: found(lake, name))).text


def found(lake, name):
    """A catalog of the lake; `_plain` is one without light curves, `_bright` a part of it."""
    catalog = lake[name.partition("_")[0]]
    if name.endswith("_plain"):
        return catalog.without("lightcurve")
    return catalog.where("mean_mag < 15") if name.endswith("_bright") else catalog


def put_in(text, key, value):
    """`text` with another value of a key, or one more."""
    lines = [line for line in text.splitlines() if line.partition(" =")[0] != key]
    kept = [f"{key} = {value}", *lines] if len(lines) < len(text.splitlines()) else [*lines, f"{key} = {value}"]
    return "\n".join(kept)


@pytest.mark.parametrize("word", [*CATALOGS, *TABLES])
def test_every_key_of_every_kind_of_entry_makes_another_result(tmp_path, lake, word):
    text, others = ENTRIES[word]
    section = "tables" if word in TABLES else "catalogs"
    kind = (TABLES if word in TABLES else CATALOGS)[word]
    assert others.keys() == kind.keys.keys() - KEPT.keys()
    assert {key for key, value in others.items() if value is None} == {key for one, key in SAID if one == word}
    base = told(tmp_path, lake, text, section)
    assert told(tmp_path, lake, text, section) == base
    for key, value in others.items():
        if value is not None:
            assert told(tmp_path, lake, put_in(text, key, value), section) != base, key


def test_ids_of_an_association_and_features_beside_the_light_curves(tmp_path, lake):
    pairs = 'crossmatch = ["stars", "others"]\nassociation = true'
    base = told(tmp_path, lake, pairs)
    assert told(tmp_path, lake, f'{pairs}\nleft_id = "label"') != base
    assert told(tmp_path, lake, f'{pairs}\nright_id = "label"') != base
    inject = 'inject = "stars"\nmodel = "demo"\nsignals_wanted = 10'
    (tmp_path / "mine.toml").write_text("[RRab]\nperiod = [0.5, 0.6]\namplitude = [0.2, 0.3]\n")
    assert told(tmp_path, lake, inject) != told(tmp_path, lake, f'{inject}\nsignals = "mine.toml"')
    assert told(tmp_path, lake, inject) != told(tmp_path, lake, f'{inject}\nfeatures = "periods"')
    classes = 'classify = "stars"\nmodel = "demo"'
    assert told(tmp_path, lake, classes) != told(tmp_path, lake, f'{classes}\nfeatures = "periods"')

"""Every column that a step gives is declared, with unit, UCD and meaning, and `lcscale columns` tells it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pyarrow as pa
import pytest
from astropy import units
from astropy.io.votable.ucd import parse_ucd
from skies import put, sky_table
from typer.testing import CliRunner

import lcscale
from lcscale.cli import app
from lcscale.columns import COLUMNS, columns_named
from lcscale.crossmatch import MatchOptions
from lcscale.errors import InputError
from lcscale.features import Extract
from lcscale.features.columns import OF_FURTHER_BANDS
from lcscale.lake.joining import Join
from lcscale.lake.neighbours import Crossmatch
from lcscale.lightcurves import Detections
from lcscale.lightcurves.columns import ReadsLightCurves
from lcscale.lightcurves.field_offsets import AlignFields
from lcscale.lightcurves.wesenheit import Wesenheit
from lcscale.models import Classify, Split
from lcscale.models.heads.columns import CLASS
from lcscale.models.training.streamed import OfSets
from lcscale.periods import Search
from lcscale.products.class_period import PeriodOfClass
from lcscale.products.completeness import Inject, JoinCompleteness, Recovered
from lcscale.products.completeness.columns import INJECTED
from lcscale.products.context import Context
from lcscale.products.counterparts import KeepMatch
from lcscale.products.definitions import AtLeast
from lcscale.products.judged import Judged
from lcscale.products.observations import CountObservations
from lcscale.products.outbursts import Outbursts
from lcscale.products.rrlyrae import Distances, FourierPopulation, Metallicities
from lcscale.products.rrlyrae.columns import ANSWERS, FITTED, SERIES
from lcscale.products.yso import ClassifyYSO, Photometry
from lcscale.products.yso.candidates import Agreement
from lcscale.products.yso.columns import quantities
from lcscale.simulation.injection import read_signals
from lcscale.steps import Declared, Select, Step, Where, chain_schema
from lcscale.surveys.planck import SampleMap
from lcscale.vocabulary import schema_of

NOT_ADAPTERS = ("__main__", "lsdb_algorithm", "spark")


def step_classes() -> set[type]:
    """Every class of lcscale that is a step."""
    found = set()
    for module in pkgutil.walk_packages(lcscale.__path__, "lcscale."):
        if module.name.endswith(NOT_ADAPTERS):
            continue
        names = vars(importlib.import_module(module.name))
        found |= {
            each
            for each in names.values()
            if inspect.isclass(each)
            and each.__module__.startswith("lcscale.")
            and all(hasattr(each, name) for name in ("columns", "rowwise", "version", "schema", "fingerprint"))
        }
    return found - {Step, Declared, ReadsLightCurves}


@pytest.fixture
def steps(lake, tmp_path):
    """A step of each class, and the schema of what it reads."""
    import healpy
    import numpy as np

    healpy.write_map(tmp_path / "map.fits", np.arange(12.0), column_units="uK", coord="G", dtype=np.float64)
    sky = put(lake, "sky", sky_table(20))
    curves, plain = sky.schema, sky.columns("object_id").schema
    matched = sky.columns("object_id").crossmatch(sky.columns("object_id"), chance_probability=True)
    measured = pa.schema(
        [("ra", pa.float64()), ("dec", pa.float64()), *((name, pa.float64()) for name in quantities())]
    )
    separations = pa.schema([(f"separation_{name}_arcsec", pa.float64()) for name in ("a", "b")])
    options = MatchOptions(chance_probability=True)
    return [
        (Search(), curves),
        (Extract(), curves),
        (Wesenheit("g", "r"), curves),
        (CountObservations(("g", "r")), curves),
        (Detections(), curves),
        (AlignFields(part="band"), curves),
        (FourierPopulation(band="g"), pa.schema([*curves, *lcscale.periods.PERIOD_SCHEMA])),
        (Distances(), schema_of([*FITTED[:1], *SERIES, *ANSWERS])),
        (Metallicities(band="g"), pa.schema([*curves, *lcscale.periods.PERIOD_SCHEMA])),
        (Classify("general"), pa.schema([*curves, *lcscale.periods.PERIOD_SCHEMA])),
        (Context(), pa.schema([*plain, *lcscale.periods.PERIOD_SCHEMA])),
        (Outbursts(), pa.schema([*curves, *lcscale.periods.PERIOD_SCHEMA])),
        (PeriodOfClass(), pa.schema([*curves, *lcscale.periods.PERIOD_SCHEMA, CLASS.field])),
        (Inject(read_signals()), curves),
        (Recovered(), pa.schema([*plain, *lcscale.periods.PERIOD_SCHEMA, CLASS.field, *schema_of(INJECTED)])),
        (JoinCompleteness(pa.table({})), pa.schema([*curves, *lcscale.periods.PERIOD_SCHEMA, CLASS.field])),
        (Crossmatch(matched, matched, options), matched.schema),
        (Join(sky.columns("object_id", "mean_mag"), "object_id"), plain),
        (KeepMatch(("ra", "dec"), (("separation_arcsec", "separation_gcvs_arcsec"),)), matched.schema),
        (Photometry(tuple((name, name) for name in quantities())), measured),
        (ClassifyYSO(), measured),
        (Agreement(("a", "b")), separations.append(pa.field("class", pa.string()))),
        (SampleMap(str(tmp_path / "map.fits"), "cmb"), plain),
        (Select(("object_id",)), plain),
        (Where("object_id > 3"), plain),
        (AtLeast("mean_mag", 3.0), curves),
        (OfSets(Split(), (0,), "label", ("a",)), plain),
        (Judged((("a", "RRab", 0.5),)), plain.append(pa.field("label", pa.string()))),
    ]


def declared(field: pa.Field) -> bool:
    """Whether a column of the collection, or a copy for a further band, is the one of this field."""
    said = {key.decode(): value.decode() for key, value in field.metadata.items()}
    return any(
        each.ucd == said.get("ucd")
        and each.maker == said.get("made_by", "")
        and (each.names(field.name) or each.name == f"lightcurve.{field.name}")
        for each in (*COLUMNS, *OF_FURTHER_BANDS)
    )


def test_what_steps_give_is_declared(steps):
    """Columns of their input, and of the catalogs that they join, are theirs only who brought them."""
    assert {type(step) for step, _ in steps} == step_classes()
    given = 0
    for step, schema in steps:
        brought = {*schema, *(field for view, _ in getattr(step, "others", ()) for field in view.schema)}
        brought_names = {name for field in brought for name in (field.name, f"{field.name}_2", f"{field.name}_3")}
        for field in step.schema(schema):
            if field in brought or (field.name in brought_names and b"made_by" not in (field.metadata or {})):
                continue
            assert declared(field), f"{type(step).__name__} gives {field.name}, which is declared nowhere"
            assert field.metadata[b"description"]
            given += 1
    assert given > 200


NAMED_BY_THE_USER = {Distances, Select, Where, AtLeast, KeepMatch, Join, Crossmatch, Photometry, OfSets, Judged}
"""Steps that read the columns that they are told."""


def test_what_steps_read_is_declared(steps):
    for step, schema in steps:
        assert isinstance(step, Step)
        read = {column.name: column for column in getattr(step, "reads", ())}
        assert set(read) == set(step.columns) or type(step) in NAMED_BY_THE_USER
        for column in read.values():
            assert declared(column.field), f"{type(step).__name__} reads {column.name}, which is declared nowhere"
        for name in step.columns:
            without = pa.schema([field for field in schema if field.name != name])
            with pytest.raises(InputError, match=f"needs the columns? .*{name}"):
                chain_schema([step], without)


def test_a_schema_follows_from_what_a_step_gives(steps):
    following = [(step, schema) for step, schema in steps if type(step).schema is Declared.schema]
    assert len(following) > 8
    for step, schema in following:
        given = [column.name for column in step.gives(schema)]
        assert step.schema(schema).names == [*(name for name in schema.names if name not in given), *given]


@pytest.mark.parametrize("column", [*COLUMNS, *OF_FURTHER_BANDS], ids=lambda column: f"{column.maker}-{column.name}")
def test_units_and_ucds_are_words_that_others_know(column):
    parse_ucd(column.ucd, check_controlled_vocabulary=True, has_colon=True)
    units.Unit(column.unit)
    assert column.about.endswith(".")
    if column.maker:
        assert importlib.import_module(column.maker)


def test_a_name_of_one_maker_is_one_column():
    keys = [(column.name, column.maker) for column in COLUMNS]
    assert len(keys) == len(set(keys))


def test_the_command_prints_what_columns_mean():
    run = CliRunner().invoke(app, ["columns", "epoch", "prob_RRab", "amplitude_V"])
    assert run.exit_code == 0
    for said in (
        "time.epoch",
        "phase 0 is a maximum of brightness",
        "prob_<class>",
        "amplitude_<band>",
        "lcscale.periods",
    ):
        assert said in " ".join(run.output.split())
    every = CliRunner().invoke(app, ["columns"]).output
    assert all(column.name in every for column in COLUMNS)


def test_a_column_of_nobody_is_named():
    with pytest.raises(InputError, match="no column of lcscale is named foo: release files"):
        columns_named(["epoch", "foo"])

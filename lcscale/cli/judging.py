"""`lcscale judge`: what a model is worth on stars that it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lcscale.cli.options import LakeOption, find_catalog, open_lake
from lcscale.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from lcscale.lake import Catalog, Lake


def judge(
    models: Annotated[list[str], typer.Argument(help="Names of shipped models, or folders.", show_default=False)],
    lake: LakeOption,
    catalog: Annotated[
        list[str], typer.Option(metavar="NAME[=SURVEY]", help="Catalog with labels, and whose names they are.")
    ],
    list_: Annotated[
        list[str] | None,
        typer.Option("--list", metavar="NAME=CATALOG", help="List that labels or periods of catalog NAME come from."),
    ] = None,
    label: Annotated[str, typer.Option(help="Column with the labels.")] = "label",
    most: Annotated[int | None, typer.Option(help="Stars of a catalog in refits at most.")] = None,
    folds: Annotated[int, typer.Option(help="Parts of the sky of the refits that know all surveys.")] = 3,
    report: Annotated[str | None, typer.Option(help="HTML file to write.")] = None,
    card: Annotated[bool, typer.Option("--card", help="Write the figures into the models' cards.")] = False,
) -> None:
    """Judge models: their own answers, each survey left out in turn, what gives the survey away."""
    from lcscale.explore.judging import as_markdown, write_judging_report
    from lcscale.models import LabelledCurves, load
    from lcscale.models.inputs.preparation import ALTERNATIVES
    from lcscale.models.judging.bench import JudgingOptions
    from lcscale.models.judging.bench import judge as run
    from lcscale.models.keeping.registry import find_folder, read_card, shipped, write_judgement
    from lcscale.models.trees.tabular import SHIPPED as TABLES

    if tables := [name for name in models if name in shipped(TABLES)]:
        raise InputError(f"{tables[0]} sees no light curves: python jobs/judge_models.py judges it")
    place = open_lake(lake)
    wanted = dict.fromkeys((*ALTERNATIVES, *(key for name in models for key in read_card(name).preparation.columns)))
    parts = {}
    for text in catalog:
        name, _, survey = text.partition("=")
        found = _with_periods(place, find_catalog(place, name))
        parts[name] = LabelledCurves.from_tables(found.to_batches(), label=label, columns=tuple(wanted)), survey or None
    listed = dict(_places(place, text) for text in list_ or ())
    strange = [name for name in listed if name not in parts]
    if strange:
        raise InputError(f"--list names {', '.join(strange)}, which no --catalog does")
    judgements: dict[str, dict[str, Any]] = {}
    for name in models:
        model = load(name)
        roles = model.card.preparation.roles
        curves = LabelledCurves.concatenate([each.as_survey(key, roles, of) for key, (each, of) in parts.items()])
        judgements[name] = run(model, curves, JudgingOptions(folds=folds, most=most, listed=listed))
        if card:
            write_judgement(find_folder(name), judgements[name])
        print(f"{name}: model {model.card.id}\n\n{as_markdown(judgements[name])}")
    if report is not None:
        print(write_judging_report(judgements, report))


def _with_periods(lake: Lake, catalog: Catalog) -> Catalog:
    """The catalog with periods: its own, those of the catalog ``NAME_periods`` beside it, or new ones."""
    from lcscale.periods import PERIOD, Search

    if PERIOD.is_in(catalog.schema):
        return catalog
    beside = f"{catalog.name}_periods"
    return catalog.join(lake[beside]) if beside in lake else catalog.map(Search())


def _places(lake: Lake, text: str) -> tuple[str, npt.NDArray[np.int64]]:
    """Catalog and the places of the stars in a list."""
    from lcscale.vocabulary import HEALPIX_COLUMN

    name, _, other = text.partition("=")
    if not other:
        raise InputError(f"--list {text!r} is not NAME=CATALOG")
    return name, find_catalog(lake, other).columns(HEALPIX_COLUMN).to_arrow().column(HEALPIX_COLUMN).to_numpy()

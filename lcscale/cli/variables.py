"""`lcscale features`, `train` and `classify`: from light curves to candidates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lcscale import options
from lcscale.cli.options import (
    AlignFieldsOption,
    AnyCatalogArgument,
    ContextOption,
    DeviceOption,
    EngineOption,
    LakeOption,
    LightCurvesOption,
    MaxFailedOption,
    NameOption,
    PeriodBesideOption,
    PeriodFromOption,
    ReplaceOption,
    SharesOption,
    aligned,
    find_catalog,
    finish,
    open_lake,
    read_shares,
    with_context,
    with_features,
    with_given_periods,
)
from lcscale.errors import InputError

if TYPE_CHECKING:
    from lcscale.lake import Catalog, Lake


def features(
    catalog: Annotated[str | None, typer.Argument(help=options.CATALOG.about)] = None,
    lake: Annotated[str | None, typer.Option("--lake", help=options.LAKE.about)] = None,
    name: Annotated[str | None, typer.Option("--name", help=options.NAME.about)] = None,
    engine: EngineOption = None,
    max_failed: MaxFailedOption = "0",
    replace: ReplaceOption = False,
    fmax: Annotated[float, typer.Option(help="Highest trial frequency, cycles per day.")] = 25.0,
    baseline: Annotated[
        float | None, typer.Option(help="Baseline the grid is made for, days (default: each object's own).")
    ] = None,
    only: Annotated[str | None, typer.Option(help="Names of features, separated by commas (default: all).")] = None,
    device: Annotated[str, typer.Option(help="Where grids are scanned and features computed: cpu or cuda.")] = "cpu",
    coupling: Annotated[
        Literal["auto", "free", "ratios", "templates"],
        typer.Option(help="What the bands share in the period search: auto, free, ratios or templates."),
    ] = "auto",
    family: Annotated[
        list[str] | None, typer.Option(help="Family of variable stars to try, or TOML file (repeatable; default: all).")
    ] = None,
    period_from: PeriodFromOption = None,
    period_beside: PeriodBesideOption = False,
    align_fields: AlignFieldsOption = False,
    light_curves: LightCurvesOption = None,
    list_: Annotated[bool, typer.Option("--list", help="List the features and their definitions.")] = False,
) -> None:
    """Compute periods and features of every light curve of a catalog."""
    from lcscale.engine import read_max_failed
    from lcscale.features import FEATURES, Extract
    from lcscale.periods import FrequencyGrid, Search

    if list_:
        for feature in FEATURES.values():
            print(f"{feature.name}  [{feature.unit or '1'}, of {feature.quantity}]  {feature.formula}")
            print(f"    {feature.source}", end="")
            print(f"  Same as {feature.agrees}." if feature.agrees else "")
        return
    if catalog is None or lake is None or name is None:
        raise InputError("features needs a CATALOG, --lake and --name (or --list)")
    grid = None if baseline is None else FrequencyGrid.for_baseline(baseline, fmax)
    names = tuple(part.strip() for part in only.split(",")) if only else None
    place = open_lake(lake)
    stars = aligned(find_catalog(place, catalog, light_curves), align_fields)
    curves, given = with_given_periods(place, stars, period_from, period_beside)
    kinds = tuple(family) if family else None
    search = Search(grid, fmax=fmax, coupling=coupling, families=kinds, period_from=given, device=device)
    result = curves.map(search, Extract(names, device=device)).without("lightcurve")
    allowed = read_max_failed(max_failed)
    finish(result.write(name, lake=place, engine=engine, progress=True, max_failed=allowed, replace=replace))


def train(
    catalog: AnyCatalogArgument,
    lake: LakeOption,
    model: Annotated[str, typer.Option("--model", help="Folder to write the model to.", show_default=False)],
    features: Annotated[
        str | None, typer.Option(help="Catalog of its features, for the periods (default: periods are searched).")
    ] = None,
    label: Annotated[str, typer.Option(help="Column with the class of each star.")] = "label",
    labels: Annotated[
        str | None, typer.Option(metavar="NAME", help="Labels that people gave in lcscale browse; they come first.")
    ] = None,
    survey: Annotated[str | None, typer.Option(help="Survey whose class names the labels are.")] = None,
    trained_on: Annotated[str, typer.Option(help="real, simulated or mixed.")] = "real",
    epochs: Annotated[int, typer.Option(help="Most passes over the training set.")] = 40,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers; the sky held back stays the same.")] = 0,
    view: Annotated[str, typer.Option(help="What the images show: folded, or raw (over time).")] = "folded",
    picture: Annotated[
        list[str] | None, typer.Option(help="Further image of each band: density, error bars, dm-dt (repeatable).")
    ] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Read light curves anew every epoch; hold few.")] = False,
    report: Annotated[str | None, typer.Option(help="HTML file to write about the training.")] = None,
    light_curves: LightCurvesOption = None,
    device: DeviceOption = None,
    network: Annotated[
        str, typer.Option(help="folded_images, gru, lstm, transformer, boosted_trees or extra_trees.")
    ] = "folded_images",
    stacked_with: Annotated[
        list[str] | None,
        typer.Option(
            help="Trees whose scores are added: boosted_trees, extra_trees (repeatable), or none "
            "(default: boosted_trees beside a network of classes)."
        ),
    ] = None,
    forget_survey: Annotated[
        bool, typer.Option("--forget-survey", help="Grow trees for stars of surveys that are not in training.")
    ] = False,
    folds: Annotated[
        int | None,
        typer.Option(
            help="Train an ensemble: a network for each of so many parts of the sky; 1: a single one "
            "(default: 5 for classes of up to 20,000 stars)."
        ),
    ] = None,
    context: ContextOption = None,
    value: Annotated[
        str | None, typer.Option(help="Learn the values of this column instead of classes.", metavar="COLUMN")
    ] = None,
    unit: Annotated[str, typer.Option(help="Unit of --value.")] = "",
    value_error: Annotated[str | None, typer.Option(help="Column with the errors of --value.")] = None,
) -> None:
    """Train a network and trees on a catalog with labels; the card holds their figures on sky they have not seen."""
    from lcscale.explore import write_training_report
    from lcscale.models import Preparation, TrainingOptions, ValueHead
    from lcscale.models import train as run_train
    from lcscale.models.inputs.preparation import ALTERNATIVES
    from lcscale.models.labels.roles import ONE_ROLE
    from lcscale.periods import PERIOD
    from lcscale.products.context import CONTEXT, Context
    from lcscale.products.judged import Judged

    place, candidates = open_lake(lake), () if view == "raw" else ALTERNATIVES
    how = Preparation(view=view, pictures=tuple(picture or ()), columns=candidates)
    beside = None if stacked_with is None else tuple(name for name in stacked_with if name != "none")
    training = TrainingOptions(epochs=epochs, seed=seed, network=network, stacked_with=beside)
    if forget_survey:
        if beside:
            raise InputError("--forget-survey grows trees with nothing beside them: leave --stacked-with out")
        if network not in ("folded_images", training.forgetting().network):  # the first is the option's default
            raise InputError(f"--forget-survey grows extra_trees, no {network}: leave --network out")
        how, training = replace(how, roles=ONE_ROLE), TrainingOptions.forgetting(seed=seed)
    curves = find_catalog(place, catalog, light_curves)
    if stream and not how.raw and features is None and not PERIOD.is_in(curves.schema):
        raise InputError(
            f"{catalog} has no periods, and --stream would search them anew every epoch: make them once with "
            f"'lcscale features {catalog} --name {catalog}_features --lake {lake}', then add "
            f"--features {catalog}_features"
        )
    source = curves if how.raw else _with_periods(place, curves, features, device)
    if context is not None:
        source, how = with_context(place, source, context).map(Context()), replace(how, columns=(*candidates, *CONTEXT))
    if labels is not None:
        source = source.map(Judged.of(place, labels, source.id_column, label))
    trained = run_train(
        source,
        model,
        trained_on=trained_on,
        survey=survey,
        label=label,
        head=None if value is None else ValueHead(value, unit, value_error),
        folds="auto" if folds is None else None if folds == 1 else folds,
        options=training,
        preparation=how,
        stream=stream,
        progress=True,
        device=device,
    )
    figures, head = trained.card.metrics["test"], trained.card.head
    print(f"{model}: model {trained.card.id}, {value or 'classes ' + ', '.join(trained.classes)}")
    shown = ", ".join(f"{key.replace('_f1', '-F1')} {figures[key]:.3f}" for key in tuple(head.shown.values())[:2])
    print(f"  on sky it has not seen: {shown}")
    if report is not None:
        print(write_training_report(model, report, catalogs=[source]))


def classify(
    catalog: AnyCatalogArgument,
    lake: LakeOption,
    name: NameOption = "variable_candidates",
    model: Annotated[str, typer.Option("--model", help=options.MODEL.about)] = options.MODEL.default,
    features: Annotated[
        str | None, typer.Option(help="Catalog of its features, for the periods (default: periods are searched).")
    ] = None,
    engine: EngineOption = None,
    max_failed: MaxFailedOption = "0",
    replace: ReplaceOption = False,
    period_from: PeriodFromOption = None,
    period_beside: PeriodBesideOption = False,
    align_fields: AlignFieldsOption = False,
    light_curves: LightCurvesOption = None,
    prevalence: SharesOption = None,
    context: ContextOption = None,
    device: DeviceOption = None,
) -> None:
    """Classify every light curve of a catalog and write the table of variable-star candidates."""
    from lcscale.engine import read_max_failed
    from lcscale.lightcurves.field_offsets import COLUMNS as OFFSETS
    from lcscale.models import read_card
    from lcscale.products import variable_candidates
    from lcscale.products.context import CONTEXT

    place = open_lake(lake)
    if context is not None and not {*CONTEXT} & {*read_card(model).preparation.columns}:
        raise InputError(f"--context: model {model} takes no colour or parallax; lcscale train --context makes one")
    curves = aligned(find_catalog(place, catalog, light_curves), align_fields)
    source = with_features(place, curves, features)
    source, given = with_given_periods(place, source, period_from, period_beside)
    source = source if context is None else with_context(place, source, context)
    shares, allowed = read_shares(prevalence), read_max_failed(max_failed)
    keep = [column.name for column in OFFSETS] if align_fields else []
    candidates = variable_candidates(source, model, keep=keep, period_from=given, prevalence=shares, device=device)
    finish(candidates.write(name, lake=place, engine=engine, progress=True, max_failed=allowed, replace=replace))


def _with_periods(lake: Lake, catalog: Catalog, features: str | None, device: str | None) -> Catalog:
    from lcscale.periods import PERIOD, Search

    if features is not None:
        return with_features(lake, catalog, features)
    return catalog if PERIOD.is_in(catalog.schema) else catalog.map(Search(device=device or "cpu"))

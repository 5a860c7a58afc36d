"""How each kind of catalog is made from others: the entry of a file becomes a lazy catalog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lcscale.crossmatch import MatchOptions
from lcscale.crossmatch.wording import epoch_named, error_named, motion_named
from lcscale.errors import InputError
from lcscale.expressions import condition
from lcscale.features import Extract
from lcscale.lake import Catalog, open_catalog
from lcscale.lightcurves import LightCurveFields
from lcscale.periods import FrequencyGrid, Search
from lcscale.products import (
    Near,
    OfClass,
    find_outbursts,
    join_surveys,
    match_alerts,
    variable_candidates,
    yso_candidates,
)
from lcscale.products.completeness import Bins, plan_completeness
from lcscale.products.completeness.planning import SIGNALS_WANTED
from lcscale.products.definitions import Definition
from lcscale.products.rrlyrae import Choice, Distances, rrlyrae_metallicities
from lcscale.products.rrlyrae.model import DEFAULT_MODEL
from lcscale.products.yso.candidates import TAU
from lcscale.refresh.entries import Entry
from lcscale.refresh.kinds import KEPT
from lcscale.simulation.injection import read_signals
from lcscale.surveys import Survey, get
from lcscale.surveys.planck import SampleMap

Find = Callable[[str], Catalog]
"""Gives a catalog of the pipeline, or of the lake, by its name."""


def view(entry: Entry, find: Find) -> Catalog:
    """The catalog that `entry` is to be, lazily.

    Raises
    ------
    InputError
        Something in the entry does not fit the catalogs; with the place.
    """
    try:
        return _VIEWS[entry.word](entry, find)
    except InputError as error:
        if str(error).startswith(f"{entry.file}:"):
            raise
        raise InputError(f"{entry.place}: {error}") from error


def check(entry: Entry) -> None:
    """Find what is wrong with an entry before anything is read.

    Raises
    ------
    InputError
        With the place.
    """
    try:
        if entry.word == "ingest":
            adapter(entry)
        if entry.word == "crossmatch":
            MatchOptions(**_match_options(entry))
        elif "where" in entry.values and entry.word == "select":
            condition(entry.values["where"])
        for value in entry.values.get("definitions", {}).values():
            if "where" in value and not isinstance(value, str):
                condition(value["where"])
    except InputError as error:
        raise InputError(f"{entry.place}: {error}") from error


def adapter(entry: Entry) -> Survey:
    """The adapter of an ingest, with its options."""
    given = {key: value for key, value in entry.values.items() if key not in (*entry.kind.keys, *KEPT)}
    options: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    if isinstance(options.get("objects"), str):
        options["objects"] = entry.path(options["objects"])
    return get(entry.values["ingest"], **options)


def definitions(entry: Entry, find: Find) -> dict[str, Definition]:
    """What counts as a young stellar object, by name."""
    found: dict[str, Definition] = {}
    for name, value in entry.values["definitions"].items():
        if isinstance(value, str):
            found[name] = Near(find(value))
        elif "labels" in value:
            found[name] = OfClass(tuple(value["labels"]), value.get("column", "label"))
        else:
            sources = find(value["catalog"])
            sources = sources.where(value["where"]) if "where" in value else sources
            found[name] = Near(sources, value.get("probability"), value.get("at_least", 0.9))
    return found


def _open(entry: Entry, find: Find) -> Catalog:
    told = entry.values.get("light_curves")
    fields = None if told is None else LightCurveFields.parse(told)
    return open_catalog(
        entry.path(entry.values["open"]), light_curves=fields, **entry.values.get("storage_options", {})
    )


def _crossmatch(entry: Entry, find: Find) -> Catalog:
    left, right = (_without_curves(find(name)) for name in entry.values["crossmatch"])
    options = _match_options(entry)
    told = {key: entry.values[key] for key in ("association", "left_id", "right_id") if key in entry.values}
    return left.crossmatch(right, **told, **options)


def _without_curves(catalog: Catalog) -> Catalog:
    return catalog.without("lightcurve") if "lightcurve" in catalog.column_names else catalog


def _match_options(entry: Entry) -> dict[str, Any]:
    """Fields of `MatchOptions`."""
    apart = ("crossmatch", "left_epoch", "right_epoch", "association", "left_id", "right_id", *KEPT)
    options = {key: value for key, value in entry.values.items() if key not in apart}
    for side in ("left", "right"):
        motion, error = options.get(f"{side}_motion"), options.get(f"{side}_error")
        if motion is not None:
            options[f"{side}_motion"] = motion_named(motion, _epoch(entry.values.get(f"{side}_epoch")))
        elif f"{side}_epoch" in entry.values:
            raise entry.wrong(f"{side}_epoch", f"has no meaning without {side}_motion")
        if error is not None:
            options[f"{side}_error"] = error_named(error)
    if "epoch" in options:
        options["epoch"] = _epoch(options["epoch"])
    if "where" in options:
        options["where"] = condition(options["where"])
    if options.get("n_neighbors") == 0:
        options["n_neighbors"] = None
    return options


def _epoch(value: Any) -> float | str | None:
    return epoch_named(value) if isinstance(value, str) else value


def _join(entry: Entry, find: Find) -> Catalog:
    left, right = (find(name) for name in entry.values["join"])
    return left.join(right, on=entry.values.get("on"), how=entry.values.get("how", "left"))


def _select(entry: Entry, find: Find) -> Catalog:
    found = find(entry.values["select"])
    if "where" in entry.values:
        found = found.where(entry.values["where"])
    if "columns" in entry.values:
        found = found.columns(entry.values["columns"])
    return found.without(entry.values["without"]) if "without" in entry.values else found


def _features(entry: Entry, find: Find) -> Catalog:
    fmax, baseline = entry.values.get("fmax", 25.0), entry.values.get("baseline")
    grid = None if baseline is None else FrequencyGrid.for_baseline(baseline, fmax)
    only, device = entry.values.get("only"), entry.values.get("device", "cpu")
    steps = Search(grid, fmax=fmax, device=device), Extract(None if only is None else tuple(only), device=device)
    return find(entry.values["features"]).map(*steps).without("lightcurve")


def _classify(entry: Entry, find: Find) -> Catalog:
    curves = _with_features(entry, find)
    return variable_candidates(curves, _model(entry, "general"), prevalence=entry.values.get("prevalence"))


def _inject(entry: Entry, find: Find) -> Catalog:
    values, curves = entry.values, _with_features(entry, find)
    file, names = values.get("signals"), values.get("classes")
    declared = file is not None or names is not None
    signals = read_signals(None if file is None else entry.path(file), names) if declared else None
    options = {key: values[key] for key in ("band", "seed", "prevalence") if key in values}
    wanted = values.get("signals_wanted", SIGNALS_WANTED)
    return plan_completeness(curves, _model(entry, "general"), signals=signals, n=wanted, **options).injected


def bins_of(entry: Entry) -> Bins:
    """Cells and ranges in which a table of completeness counts."""
    return Bins(**{key: entry.values[key] for key in ("cell_order",) if key in entry.values})


def _with_features(entry: Entry, find: Find) -> Catalog:
    """The light curves that an entry names, with their features where it names these too."""
    curves = find(entry.values[entry.word])
    if "features" not in entry.values:
        return curves
    return curves.join(find(entry.values["features"]), on=curves.id_column_or_none or "object_id")


def _outbursts(entry: Entry, find: Find) -> Catalog:
    values = entry.values
    return find_outbursts(_with_features(entry, find), period=values.get("period"), search=values.get("search", True))


def _yso(entry: Entry, find: Find) -> Catalog:
    values = entry.values
    source = find(values["yso"])
    if "twomass" in values or "allwise" in values:
        sides = (find(values[side]) if side in values else None for side in ("twomass", "allwise"))
        source = join_surveys(source, *sides, gaia_epoch=values.get("gaia_epoch"))
    known: Mapping[str, Catalog] = {name: find(name) for name in values.get("known", ())}
    dust_map = entry.path(values["dust_map"]) if "dust_map" in values else None
    tau, prevalence = values.get("tau", TAU), values.get("prevalence")
    outbursts = find(values["outbursts"]) if "outbursts" in values else None
    return yso_candidates(
        source,
        _model(entry, "yso"),
        known=known,
        tau=tau or None,
        dust_map=dust_map,
        prevalence=prevalence,
        outbursts=outbursts,
    )


def _metallicity(entry: Entry, find: Find) -> Catalog:
    told = dict(entry.values)
    choice = Choice(**{key: told[key] for key in ("relations", "prefer", "scale") if key in told})
    named = {key: told[key] for key in ("period", "mode", "band") if key in told}
    return rrlyrae_metallicities(find(told["metallicity"]), _model(entry, DEFAULT_MODEL), choice=choice, **named)


def _distances(entry: Entry, find: Find) -> Catalog:
    told, source = dict(entry.values), find(entry.values["distances"])
    options = {key: told[key] for key in ("relations", "magnitude", "reddening", "colour", "period") if key in told}
    if "reddening_map" in told:
        source = source.map(SampleMap(entry.path(told["reddening_map"]), "ebv", interpolate=True))
        options["reddening"] = "ebv"
    return source.map(Distances(**options))


def _model(entry: Entry, default: str) -> str:
    """A folder seen from the file, where there is one; else the name of a shipped model."""
    told: str = entry.values.get("model", default)
    return entry.path(told) if Path(entry.path(told)).is_dir() else told


def _match_alerts(entry: Entry, find: Find) -> Catalog:
    radius = entry.values.get("radius_arcsec", 2.0)
    return match_alerts(find(entry.values["match_alerts"]), definitions(entry, find), radius_arcsec=radius)


_VIEWS: dict[str, Callable[[Entry, Find], Catalog]] = {
    "open": _open,
    "crossmatch": _crossmatch,
    "join": _join,
    "select": _select,
    "features": _features,
    "classify": _classify,
    "inject": _inject,
    "yso": _yso,
    "outbursts": _outbursts,
    "metallicity": _metallicity,
    "distances": _distances,
    "match_alerts": _match_alerts,
}

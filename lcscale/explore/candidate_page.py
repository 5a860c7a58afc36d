"""`show`: everything there is to see of one candidate, on one self-contained page."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lcscale.errors import InputError
from lcscale.explore import closeup
from lcscale.explore.closeup import SMALLEST
from lcscale.explore.contents import classes_of, contents_of
from lcscale.explore.finding import AROUND_ARCSEC, FURTHER_NAMES, rows_of
from lcscale.explore.folded import find_light_curve, fold, folded_panels, phase_zero
from lcscale.explore.page import Section, details, figure, page, paragraph, table, write_page
from lcscale.explore.power import power_of_one
from lcscale.lake import HEALPIX_COLUMN, Catalog, Lake
from lcscale.lightcurves import LightCurveFields, LightCurves, declared_bands, usable
from lcscale.lightcurves.nested import time_reference
from lcscale.models.heads.columns import PROBABILITY
from lcscale.models.labels.taxonomy import classes as taxonomy
from lcscale.periods import FrequencyGrid
from lcscale.vocabulary import NAME

_PERIODS = ("period", "period_2", "period_3")
_PULSATION = "pulsation_period"
"""Of catalogues of [Fe/H]."""


@dataclass(frozen=True)
class Candidate:
    """One row of a candidates catalog, and the light curve it was made from."""

    catalog: Catalog
    """The candidates."""
    row: Mapping[str, Any]
    """All columns of the row."""
    lcs: LightCurves
    """A batch of one."""
    source: Catalog
    """Where the light curve is from."""

    @property
    def period(self) -> float:
        """Days; NaN where there is none."""
        return _number(self.row.get("period") or self.row.get(_PULSATION))

    @property
    def metallicity(self) -> bool:
        """Whether it is a row of a catalogue of [Fe/H]."""
        if "feh_from" not in self.row:
            return False
        from lcscale.explore.rrlyrae import is_metallicities  # whose compiler other pages need not wait for

        return is_metallicities(self.catalog)

    @property
    def origin(self) -> str:
        """Both catalogs with their versions, for captions."""
        return (
            f"From {self.catalog.name} {self.catalog.source.version}; "
            f"light curve from {self.source.name} {self.source.source.version}."
        )


def show(
    lake: Lake,
    object_id: str | int,
    path: str | os.PathLike[str],
    *,
    name: str = "variable_candidates",
    at: tuple[float, float] | None = None,
    network: bool = False,
    class_name: str | None = None,
    models: Sequence[str | os.PathLike[str]] = (),
    light_curves: LightCurveFields | None = None,
) -> Path:
    """Write the page of one candidate: light curve, probabilities, periodogram, and what the network saw if asked.

    The images are not stored anywhere: they are drawn again from the light curve, the same bits as in the job, and
    the page says how far the probabilities computed from them now are from those of the table. That part needs torch,
    whose import takes longer than all the rest of the page.

    Parameters
    ----------
    lake
        With the candidates and the light curves they were made from.
    object_id
        As the candidates name it.
    path
        HTML file to write.
    name
        Catalog of candidates.
    at
        Right ascension and declination, degrees: only rows within 5 arcsec are looked at. Without, the names of the
        whole catalog are read, leaf by leaf, until the object is found.
    network
        Whether to show the images that the network saw, and where it looked; implied by the next two.
    class_name
        Class whose evidence in the images is shown; default: the one given.
    models
        Folders of models to look for the candidate's in, beside the shipped ones.
    light_curves
        Names of the light curves' parts, where they are those of others and were told to `open_catalog` too.

    Raises
    ------
    InputError
        There is no such object, or its light curve is not in the lake.
    """
    found = _find(lake, lake[name], object_id, at, light_curves)
    asked = network or class_name is not None or models
    seen = _network(found, class_name, models) if asked and found.row.get("class") is not None else ""
    return write_candidate(found, path, str(object_id), lake, network=seen, models=models)


def write_candidate(
    found: Candidate,
    path: str | os.PathLike[str],
    title: str,
    lake: Lake,
    *,
    network: str = "",
    with_periodogram: bool = True,
    models: Sequence[str | os.PathLike[str]] = (),
) -> Path:
    """Write the page of a candidate that was found; `network` is the section on what the network saw, HTML."""
    bodies = {
        "Light curve": _curves(found, models),
        "Metallicity": _metallicity(found) if found.metallicity else "",
        "Probabilities": _probabilities(found) if found.row.get("class") is not None else "",
        "What the network saw": network,
        "Periodogram": _periodogram(found) if with_periodogram else "",
        "The row": _row(found),
    }
    sections = [Section(name, body) for name, body in bodies.items() if body]
    return write_page(path, page(title, _lead(found, lake), _facts(found.row), sections, "Written by lcscale."))


def file_name(object_id: str | int) -> str:
    """Name of the HTML file of a star's page: its name, of which only letters, digits and ``-_.`` stay."""
    return f"{''.join(c if c.isalnum() or c in '-_.' else '_' for c in str(object_id))}.html"


def _find(
    lake: Lake,
    catalog: Catalog,
    object_id: str | int,
    at: tuple[float, float] | None,
    fields: LightCurveFields | None,
) -> Candidate:
    rows = rows_of(catalog, object_id, at)
    if not rows.num_rows:
        where = "" if at is None else f" within {AROUND_ARCSEC:g} arcsec of {at[0]:.6f}, {at[1]:.6f}"
        told = f"; `lcscale why {object_id} --name {catalog.name}` says why"
        raise InputError(f"{catalog.name} has no object {object_id}{where}{told}")
    return _with_light_curve(lake, catalog, rows.slice(0, 1).to_pylist()[0], object_id, fields)


def _with_light_curve(
    lake: Lake, catalog: Catalog, row: dict[str, Any], object_id: str | int, fields: LightCurveFields | None
) -> Candidate:
    identity = catalog.id_column_or_none
    named = object_id if identity is None else row[identity]
    told = {"ra": row[catalog.source.ra], "dec": row[catalog.source.dec], "object_id": named}
    told |= {HEALPIX_COLUMN: row[HEALPIX_COLUMN]}
    light_curves = (catalog.light_curves(fields),) if catalog.inputs else contents_of(lake).light_curves
    place = find_light_curve(light_curves, told)
    if place is None:
        names = ", ".join(f"{each.name} {each.source.version}" for each in light_curves) or "no catalog of this lake"
        raise InputError(f"{names} has no light curve where {catalog.name} has this object")
    return Candidate(catalog, row, *place)


def _lead(found: Candidate, lake: Lake) -> str:
    """Where the star is, what else it is called, and where the row is from."""
    ra, dec = found.row[found.catalog.source.ra], found.row[found.catalog.source.dec]
    identity = found.catalog.id_column_or_none
    names = [found.row.get(name) for name in dict.fromkeys((identity or NAME.name, *FURTHER_NAMES))]
    called = ", ".join(dict.fromkeys(str(each) for each in names if each is not None))
    place = f"RA {ra:.6f}, Dec {dec:+.6f}" if ra is not None and dec is not None else "no position"
    return f"{called}; {place} (degrees, ICRS); {found.catalog.name} {found.catalog.source.version}, lake {lake.root}"


def _facts(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    given = row.get("class")
    if row.get("feh") is not None:
        facts = [(f"{row['feh']:.2f} ± {row['feh_error']:.2f}", "[Fe/H]"), (str(row.get("mode")), "mode")]
    elif given is None:
        facts = [("none", "class")]
    else:
        facts = [(given, taxonomy()[given].title if given in taxonomy() else "class")]
        facts.append((f"{row[PROBABILITY.of(given).name]:.3f}", "probability"))
    period = row.get("period") or row.get(_PULSATION)
    facts += [(f"{period:.6g}", "period (days)")] if period else []
    return facts + ([(str(row["label"]), "label of the survey")] if row.get("label") else [])


def _metallicity(found: Candidate) -> str:
    from lcscale.explore.pulsation import metallicity_of

    return metallicity_of(found.row, found.origin)


def _curves(found: Candidate, models: Sequence[str | os.PathLike[str]]) -> str:
    told = found.row.get("reason") and not found.metallicity
    text = paragraph(f"No class: {found.row['reason']}.", "warning") if told else ""
    if found.period > 0:
        row = {**found.row, "period": found.period}
        folded = fold(found.lcs, row, f"P = {found.period:.6g} d", "two cycles")
        if found.metallicity:
            from lcscale.explore.pulsation import with_series
            from lcscale.explore.rrlyrae import find_rrlyrae_model

            model = find_rrlyrae_model(str(row["model_id"]), models)
            folded = folded if model is None else with_series(folded, found.lcs, row, model)
        others = [("P/2", found.period / 2), ("P", found.period), ("2P", found.period * 2)]
        beside = [
            fold(found.lcs, {**found.row, "period": period}, f"{name} = {period:.6g} d", "two cycles")
            for name, period in others
        ]
        svg = folded_panels([folded]) + folded_panels(beside)
        caption = (
            "Folded with the period of the table, and below with half, once and twice of it, "
            f"{phase_zero(found.catalog.schema)}; further bands are shifted as "
        )
        if folded.series is not None:
            caption = "Line: the denoised Fourier series. " + caption
        text += figure(svg, f"{caption}the legend says. {found.origin}")
    times = time_reference(found.source.schema.field("lightcurve"))
    return text + figure(closeup.light_curve(found.lcs, times), f"All finite observations. {found.origin}")


def _periodogram(found: Candidate) -> str:
    """Power of the light curve as it is now, with the periods of the table."""
    kept, reasons = usable(found.lcs)
    baseline = float(np.ptp(kept.time)) if kept.time.size else 0.0
    if reasons[0] is not None or not baseline > 0:
        return ""
    periods = {name: found.row[name] for name in (*_PERIODS, _PULSATION) if found.row.get(name)}
    grid = FrequencyGrid.default(baseline)
    svg = closeup.periodogram(grid.frequencies(), power_of_one(kept, grid), periods)
    named = ", ".join(f"{name} {value:.6g} d" for name, value in periods.items())
    caption = (
        "Lomb-Scargle power, all bands together, on the object's default grid; the highest of each stretch of "
        f"frequencies. Marked: {named or 'nothing, there is no period'}. {found.origin}"
    )
    return figure(svg, caption)


def _probabilities(found: Candidate) -> str:
    names = classes_of(found.catalog.schema)
    chosen = (found.row.get("prediction_set") or "").split(",")
    svg = closeup.probabilities(names, [found.row[PROBABILITY.of(name).name] for name in names], chosen)
    caption = (
        f"Probabilities of the table, those of {SMALLEST:g} and more. Dark: the prediction set, made to hold the true "
        f"class for 90 % of stars like those it was calibrated on. Model {found.row['model_id']}, trained on "
        f"{found.row['trained_on']} data."
    )
    return figure(svg, caption)


def _network(found: Candidate, class_name: str | None, folders: Sequence[str | os.PathLike[str]]) -> str:
    """Images, attention and the numbers that stood beside them; needs the model itself."""
    from lcscale.explore.cards import find_model
    from lcscale.models.inputs.preparation import prepare
    from lcscale.models.keeping.registry import load
    from lcscale.models.networks.attention import grad_cam, image_network

    place = find_model(found.row["model_id"], folders)
    if place is None:
        return paragraph(f"The model {found.row['model_id']} was not found; name its folder to see this part.")
    model = load(place)
    asked = class_name or found.row["class"]
    if asked not in model.classes:
        raise InputError(f"the model has no class {asked!r}; it has {', '.join(model.classes)}")
    how = model.card.preparation
    extra = {name: np.array([_number(found.row.get(name))]) for name in how.columns}
    bands = declared_bands(found.source.schema) or found.lcs.bands
    periods = [_number(found.row.get(name)) for name in _PERIODS]
    periods[0] = _number(found.row.get("period_peak") or found.row.get("period"))  # the search's, which the model saw
    inputs = prepare(found.lcs, periods[:1], how, bands=bands, columns=extra)
    if image_network(model.network) is None:
        return paragraph(f"The network {model.card.network} sees no images.")
    looked = grad_cam(model.network, inputs, [model.classes.index(asked)])[0]
    again = model.predict_proba(found.lcs, [periods], bands=bands, columns=extra)[0]
    stored = np.array([found.row[PROBABILITY.of(name).name] for name in model.classes])
    caption = (
        f"Above, the images as they entered the network ({how.size} × {how.size} pixels); below, in colour, where it "
        f"found evidence for {asked} (Grad-CAM, one map for all images). Probabilities computed from them now differ "
        f"from those of the table by at most {np.abs(again - stored).max():.1g}. {found.origin}"
    )
    text = figure(closeup.network_view(inputs, how, looked, "network"), caption)
    if not looked.any():
        text += paragraph(f"Nothing in the images speaks for {asked}: what was decisive stands in the numbers.")
    numbers = [
        [name, None if np.isnan(value) else f"{value:+.2f}"]
        for name, value in zip(how.names, inputs.numbers[0], strict=True)
    ]
    caption = "In standard deviations from the mean of the training set, at most 6; empty: missing."
    return text + details("The numbers it was told", table(["number", "value"], numbers, caption))


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _row(found: Candidate) -> str:
    rows = [
        [name, None if value is None else f"{value:.8g}" if isinstance(value, float) else str(value)]
        for name, value in found.row.items()
        if name != "lightcurve"
    ]
    return table(["column", "value"], rows)

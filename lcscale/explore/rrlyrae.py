"""The report's part on RR Lyrae stars: a catalogue of [Fe/H], and how good the model is that made it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import LcscaleError
from lcscale.explore.drawing import ACCENT, FAINT, PALE, SERIES, WARM, as_svg, new_figure, style
from lcscale.explore.page import details, figure, heading, paragraph, table
from lcscale.lake import Catalog
from lcscale.models.keeping.registry import shipped
from lcscale.products.rrlyrae import RRLyraeModel
from lcscale.products.rrlyrae.columns import ANSWERS
from lcscale.products.rrlyrae.model import SHIPPED, read_rrlyrae_card

Floats = npt.NDArray[np.floating[Any]]

_COUNTS = (0, 12, 20, 30, 40, 60, 100, 10**9)
"""Numbers of observations at which the table of completeness is cut."""
_FEW = 20
"""Stars below which an RMSE validates nothing."""
_AXES = {
    "period": "period (days)",
    "phi31": "φ31, denoised (rad)",
    "n_observations": "observations",
    "magnitude": "mean G (mag)",
}
_COEFFICIENTS = {"constant": "constant", "period": "of P", "phi31": "of φ31", "scatter": "scatter (dex)"}


def is_metallicities(catalog: Catalog) -> bool:
    """Whether the catalog is one that `rrlyrae_metallicities` made."""
    return all(column.is_in(catalog.schema) for column in ANSWERS[:2])


def find_rrlyrae_model(model_id: str, folders: Sequence[str | os.PathLike[str]] = ()) -> RRLyraeModel | None:
    """The model with this id, among `folders` and the shipped ones; None where it is not there."""
    for place in (*(os.fspath(folder) for folder in folders), *shipped(SHIPPED)):
        try:
            if read_rrlyrae_card(place).id == model_id:
                return RRLyraeModel.load(place)
        except LcscaleError:
            continue  # of another kind
    return None


def metallicity_section(catalog: Catalog) -> str:
    """What a catalogue of [Fe/H] holds."""
    names = ("mode", "feh", "feh_error", "feh_from", "n_observations", "reason", "distance")
    rows = catalog.columns(*(name for name in names if name in catalog.column_names)).to_arrow()
    known = rows.filter(rows["feh"].is_valid())
    text = heading(catalog.name, catalog.source.version)
    text += paragraph(f"{len(known):,} of {len(rows):,} stars have [Fe/H].")
    if len(known):
        groups = known.group_by(["mode", "feh_from"]).aggregate(
            [("feh", "count"), ("feh", "approximate_median"), ("feh_error", "approximate_median")]
        )
        told = sorted(groups.to_pylist(), key=lambda row: (row["mode"], row["feh_from"]))
        lines = [
            [r["mode"], r["feh_from"], r["feh_count"]]
            + [f"{r[f'{name}_approximate_median']:.2f}" for name in ("feh", "feh_error")]
            for r in told
        ]
        text += table(["mode", "feh is that of", "stars", "median [Fe/H]", "median error"], lines)
        text += figure(_distribution(known, catalog.name), f"[Fe/H] by mode. {_origin(catalog)}")
    text += _completeness(rows)
    if "distance" in rows.column_names and rows["distance"].null_count < len(rows):
        low, median, high = np.nanquantile(rows["distance"].to_numpy(), [0.05, 0.5, 0.95])
        n = len(rows) - rows["distance"].null_count
        text += paragraph(
            f"{n:,} stars have distances: median {median:.1f} kpc, 90 % from {low:.1f} to {high:.1f} kpc."
        )
    reasons = Counter(
        part.split(":")[0].rstrip("0123456789. ")
        for each in rows["reason"].to_pylist()
        if each
        for part in each.split("; ")
    )
    if reasons:
        text += details("Reasons", table(["reason", "stars"], [[what, n] for what, n in reasons.most_common()]))
    return text


def validations(catalogs: Iterable[Catalog], folders: Sequence[str | os.PathLike[str]] = ()) -> str:
    """How good the models of catalogues of [Fe/H] are, each once."""
    ids = {str(each): None for catalog in catalogs for each in catalog.columns("model_id").head(1)["model_id"]}
    models = (find_rrlyrae_model(each, folders) for each in ids)
    return "".join(_validation(model) for model in models if model is not None)


def feature_selection(selected: Mapping[str, Any]) -> str:
    """F of the univariate test, and in which share of bootstraps each parameter is taken, as SVG.

    Parameters
    ----------
    selected
        As `lcscale.products.rrlyrae.selection.select_features` gives it.
    """
    names = list(selected["univariate"])
    with style():
        drawing = new_figure(8.0, 2.8)
        score, stable = drawing.subplots(1, 2)
        score.barh(names, list(selected["univariate"].values()), color=PALE)
        score.set_xscale("symlog", linthresh=1)
        score.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
        score.set_xlabel("F of the univariate test")
        place = np.arange(len(names))
        for k, (how, label) in enumerate((("univariate", "univariate"), ("forward", "forward selection"))):
            shares = [100 * selected["stability"][how][name] for name in names]
            stable.barh(place + 0.2 * (2 * k - 1), shares, height=0.38, color=(PALE, ACCENT)[k], label=label)
        stable.set_yticks(place, names)
        stable.set_xlabel("taken in % of the bootstraps (two each)")
        stable.legend(loc="lower right")
        for axis in (score, stable):
            axis.invert_yaxis()
        return as_svg(drawing, "rrlyrae features", f"Feature selection on {selected['n']} calibrators")


def _origin(catalog: Catalog) -> str:
    return f"From {catalog.name} {catalog.source.version}."


def _distribution(known: pa.Table, name: str) -> str:
    edges = np.arange(-3.0, 0.51, 0.1)
    mode = np.array(known["mode"].to_pylist(), object)
    feh = known["feh"].to_numpy()
    with style():
        drawing = new_figure(8.0, 2.4)
        axis = drawing.subplots()
        for k, each in enumerate(sorted(set(mode))):
            counts, _ = np.histogram(np.clip(feh[mode == each], edges[0], edges[-1]), edges)
            axis.stairs(counts, edges, color=SERIES[k], linewidth=1.3, label=f"{each} ({int((mode == each).sum()):,})")
        axis.set_xlabel("[Fe/H] (dex)")
        axis.set_ylabel("stars")
        axis.legend(loc="upper left")
        return as_svg(drawing, f"feh {name}", "Distribution of [Fe/H] by mode")


def _completeness(rows: pa.Table) -> str:
    """Share of stars with [Fe/H], and with nothing to say against it, by number of observations."""
    if "n_observations" not in rows.column_names:
        return ""
    count = np.nan_to_num(rows["n_observations"].cast(pa.float64()).to_numpy())
    answered, plain = rows["feh"].is_valid().to_numpy(), rows["reason"].is_null().to_numpy()
    error = rows["feh_error"].to_numpy()
    lines: list[list[Any]] = []
    for low, high in pairwise(_COUNTS):
        some = (count >= low) & (count < high)
        if not some.any():
            continue
        shares = [f"{100 * each[some].mean():.1f} %" for each in (answered, answered & plain)]
        median = f"{np.nanmedian(error[some]):.2f}" if answered[some].any() else None
        lines.append([f"{low} to {high - 1}" if high < 10**9 else f"{low} and more", int(some.sum()), *shares, median])
    headings = ["observations", "stars", "with [Fe/H]", "without a reason", "median error (dex)"]
    return table(headings, lines, "Completeness by number of observations.")


def _validation(model: RRLyraeModel) -> str:
    card, judged = model.card, model.judged
    text = heading(f"Validation of the model {card.name} ({card.id})", f"trained on {card.trained_on} data")
    fidelity = card.metrics.get("fidelity, folds of the sky", {})
    rows = [
        [name, each["n"], f"{each['rmse']:.3f}", *(f"{q:.3f}" for q in each["rmse by quartile of the error of phi31"])]
        for name, each in fidelity.items()
        if "rmse by quartile of the error of phi31" in each
    ]
    if rows:
        headings = ["answer", "stars", "RMSE (dex)", *(f"quartile {q}" for q in range(1, 5))]
        about = (
            f"Fidelity to another formula: labels are {card.scale.get('name')}; each star answered by what had not "
            "seen its part of the sky, with the RMSE by quartile of the error of φ31."
        )
        text += table(headings, rows, about)
    for name, each in fidelity.items():
        if "shipped" in each:
            text += paragraph(f"{name} in the model: {each['shipped']}.")
    chosen = card.metrics.get("kernel of the regression")
    if chosen:
        on, by = chosen["chosen on"], chosen["judged on"]
        text += paragraph(
            f"The kernel of the regression is the best of {chosen['trials']} on {on['n']:,} stars ({on['rmse']:.3f}); "
            f"the other half of the sky, {by['n']:,} stars, judges it: {by['rmse']:.3f} dex."
        )
    if "fidelity.feh" in judged:
        text += figure(_residuals(judged), "Regression minus label; lines: median and central 68 % of the stars.")
    accuracy = card.metrics.get("accuracy, spectroscopy, a star left out each", {})
    told = [
        [name, each["n"], f"{each['rmse']:.3f}", each["n phi31 error < 0.3"], f"{each['rmse of these']:.3f}"]
        for name, each in accuracy.items()
        if isinstance(each, Mapping)
    ]
    if told:
        headings = ["answer", "stars", "RMSE (dex)", "φ31 error < 0.3", "their RMSE (dex)"]
        text += table(headings, told, "Accuracy against spectroscopy, each star left out once.")
    if "accuracy.feh" in judged:
        text += figure(_calibrators(judged), "Calibrators: regression on a line that had not seen the star.")
    text += _groups(card.metrics)
    draws = {name.removeprefix("posterior."): v for name, v in judged.items() if name.startswith("posterior.")}
    if draws:
        about = f"Posterior of the relation of the calibrators: {len(next(iter(draws.values()))):,} draws."
        text += figure(_corner(draws), f"{about} Dashed: median and central 68 %.")
    return text


def _groups(metrics: Mapping[str, Any]) -> str:
    """Clusters and the Magellanic Cloud."""
    text = ""
    clusters = {k: v for k, v in metrics.get("clusters", {}).items() if isinstance(v, Mapping)}
    if clusters:
        rows = [
            [name, v["n"], f"{v['harris']:.2f}"]
            + [f"{v[f'{k} mean']:.2f} ± {v[f'{k} std']:.2f}" for k in ("regression", "relation")]
            for name, v in clusters.items()
        ]
        fewest = metrics["clusters"]["stars that a cluster needs"]
        about = f"Clusters with {fewest} usable RRab or more: mean and scatter of their stars."
        text += table(["cluster", "stars", "Harris", "regression", "relation"], rows, about)
    cloud = metrics.get("Large Magellanic Cloud")
    if cloud:
        text += paragraph(
            f"Large Magellanic Cloud, {cloud['n']:,} RRab: mean [Fe/H] {cloud['mean [Fe/H]']:.2f}, distance modulus "
            f"{cloud['distance modulus, mean']:.3f} in the mean, {cloud['median']:.3f} in the median "
            f"({cloud['relation']}); 18.48 by eclipsing binaries."
        )
        groups = {name: each for name, each in cloud.items() if isinstance(each, Mapping)}
        told = [f"{name} {v['mean [Fe/H]']:.2f} ± {v['scatter']:.2f} ({v['n']:,} stars)" for name, v in groups.items()]
        text += paragraph(f"Mean [Fe/H] there by relations alone: {'; '.join(told)}.") if told else ""
    overtones = metrics.get("overtones, spectroscopy", {}).get("denoised parameters")
    if overtones:
        few = "; too few to validate it" if overtones["n"] < _FEW else ""
        said = f"RRc against spectroscopy: {overtones['n']} stars, RMSE {overtones['rmse']:.2f} dex"
        text += paragraph(f"{said}{few}.")
    return text


def _residuals(judged: Mapping[str, Floats]) -> str:
    rest = judged["fidelity.regression"] - judged["fidelity.feh"]
    with style():
        drawing = new_figure(8.4, 5.0)
        for axis, (name, label) in zip(drawing.subplots(2, 2, sharey=True).ravel(), _AXES.items(), strict=True):
            x = judged[f"fidelity.{name}"]
            axis.plot(x, rest, ".", markersize=2, color=PALE, rasterized=True)
            order = np.array_split(np.argsort(x, kind="stable"), 12)
            middle = [np.median(x[part]) for part in order]
            low, median, high = (np.array([np.quantile(rest[part], q) for part in order]) for q in (0.16, 0.5, 0.84))
            axis.plot(middle, median, "-", color=ACCENT, linewidth=1.4)
            for edge in (low, high):
                axis.plot(middle, edge, "-", color=ACCENT, linewidth=0.7)
            axis.axhline(0, color=FAINT, linewidth=0.7)
            axis.set_xlabel(label)
            axis.set_xlim(*np.quantile(x, [0.002, 0.998]))
            axis.set_ylim(-0.8, 0.8)
        drawing.supylabel("residual (dex)", fontsize=9)
        return as_svg(drawing, "rrlyrae residuals", "Residuals against period, phase, observations and magnitude")


def _calibrators(judged: Mapping[str, Floats]) -> str:
    feh, given, sure = judged["accuracy.feh"], judged["accuracy.regression"], judged["accuracy.phi31_error"] < 0.3
    with style():
        drawing = new_figure(4.6, 4.2)
        axis = drawing.subplots()
        ends = [min(feh.min(), given.min()) - 0.1, max(feh.max(), given.max()) + 0.1]
        axis.plot(ends, ends, color=FAINT, linewidth=0.7)
        for some, colour, label in ((sure, ACCENT, "φ31 error < 0.3 rad"), (~sure, WARM, "0.3 rad or more")):
            axis.plot(feh[some], given[some], "o", markersize=3.5, color=colour, label=f"{label} ({int(some.sum())})")
        axis.set_xlabel("[Fe/H] by spectroscopy (dex)")
        axis.set_ylabel("[Fe/H] by light curve (dex)")
        axis.legend(loc="upper left")
        return as_svg(drawing, "rrlyrae calibrators", "Calibrators: light curve against spectroscopy")


def _corner(draws: Mapping[str, Floats]) -> str:
    names = [name for name in _COEFFICIENTS if name in draws]
    with style():
        drawing = new_figure(6.4, 6.0)
        axes = drawing.subplots(len(names), len(names), sharex="col", squeeze=False)
        for i, below in enumerate(names):
            for j, across in enumerate(names):
                axis, x, y = axes[i, j], draws[across], draws[below]
                axis.tick_params(labelsize=7)
                if j > i:
                    axis.set_visible(False)
                elif i == j:
                    axis.hist(x, 30, color=PALE)
                    for q in np.quantile(x, [0.16, 0.5, 0.84]):
                        axis.axvline(q, color=ACCENT, linewidth=0.8, linestyle="--")
                    axis.set_yticks([])
                else:
                    axis.plot(x, y, ".", markersize=1.5, color=ACCENT, alpha=0.35, rasterized=True)
                    if j:
                        axis.set_yticklabels([])
                if i == len(names) - 1:
                    axis.set_xlabel(_COEFFICIENTS[across], fontsize=8)
                if j == 0 and i:
                    axis.set_ylabel(_COEFFICIENTS[below], fontsize=8)
        return as_svg(drawing, "rrlyrae posterior", "Corner plot of the posterior of the relation")

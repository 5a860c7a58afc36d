"""[Fe/H] and distances of RR Lyrae stars against what others know: globular clusters, the Magellanic Cloud, spectra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from lcscale.crossmatch import match
from lcscale.kernels.compiling import Floats
from lcscale.products.rrlyrae.distances import Distances
from lcscale.products.rrlyrae.model import RRLyraeModel
from lcscale.products.rrlyrae.relations import relations
from lcscale.products.rrlyrae.training import Calibrators, PublishedSeries
from lcscale.surveys.positions import gaia_positions

_RADIUS_ARCSEC = 60.0
"""Positions that stand in a Gaia id are good to half an arcminute."""
_SAME_PERIOD = 5e-4
"""Largest relative difference of two periods of one star."""
_FEH_ERROR = 0.25
"""Of a star in the Cloud, dex, for its distance."""
_ROUNDS, _CLIP = 10, 3.0
_NORMAL = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


def cluster_members(gaia: pd.DataFrame, variables: pd.DataFrame) -> pd.DataFrame:
    """RRab of Gaia that have the place and the period of a variable in a globular cluster.

    Parameters
    ----------
    gaia
        ``source_id`` (tells the place), ``type``, ``period`` (days) and ``phi31_g`` (rad) at least.
    variables
        ``File`` (of the cluster), ``RAJ2000``, ``DEJ2000`` (degrees) and ``Per`` (days), as in Clement's catalogue.

    Returns
    -------
    pandas.DataFrame
        Rows of `gaia`, each star once, with ``File``.
    """
    variables = variables.dropna(subset=["RAJ2000", "DEJ2000", "Per"])
    gaia = gaia.query("type == 'RRAB'").dropna(subset=["phi31_g"]).reset_index()
    place = gaia_positions(gaia.source_id.to_numpy())
    there = variables.RAJ2000.to_numpy(), variables.DEJ2000.to_numpy()
    star, variable, _ = match(*place, *there, _RADIUS_ARCSEC, n_neighbors=None)
    same = np.abs(gaia.period.to_numpy()[star] / variables.Per.to_numpy()[variable] - 1) < _SAME_PERIOD
    return gaia.iloc[star[same]].assign(File=variables.File.to_numpy()[variable[same]]).drop_duplicates("source_id")


def cluster_metallicities(
    members: pd.DataFrame, names: pd.DataFrame, harris: pd.DataFrame, model: RRLyraeModel, relation: str, fewest: int
) -> pd.DataFrame:
    """[Fe/H] of clusters by the regression of a model and by a relation, beside that of Harris' catalogue.

    Parameters
    ----------
    members
        As `cluster_members` gives them, with Gaia's ``amplitude`` (mag), ``r21_g``, ``r31_g`` and ``phi21_g`` (rad).
    names
        ``File`` and ``Name`` (several with commas between them) of the clusters.
    harris
        ``ID`` and ``FeH`` (dex) of the clusters.
    model, relation
        What gives [Fe/H] of the stars.
    fewest
        Stars that a cluster needs.

    Returns
    -------
    pandas.DataFrame
        A row a cluster: ``mean`` and ``std`` (dex) of ``regression`` and of ``relation``, ``n`` and ``harris`` (dex).
    """
    series = PublishedSeries.of_gaia(members)
    regression = model.feh_of(series.parameters(model.populations["RRab"]), series.period)
    by_relation = relations()[relation].value({"period": series.period, "phi31": series.phi31})
    known, called = harris.dropna(subset="FeH").set_index("ID").FeH, names.set_index("File").Name.str.replace(" ", "")
    of_file = [next((p for p in str(called.get(f)).split(",") if p in known.index), None) for f in members.File]
    stars = pd.DataFrame({"cluster": of_file, "regression": regression, "relation": by_relation})
    table = stars.groupby("cluster")[["regression", "relation"]].agg(["mean", "std"])
    table["n", ""], table["harris", ""] = stars.groupby("cluster").size(), known
    return table[table["n"] >= fewest]


def cluster_figures(table: pd.DataFrame) -> dict[str, Any]:
    """What `cluster_metallicities` gives, as a card keeps it: by cluster, dex."""
    figures: dict[str, Any] = {}
    for cluster, row in table.iterrows():
        of_it = {f"{k} {what}": round(row[k, what], 3) for k in ("regression", "relation") for what in ("mean", "std")}
        figures[str(cluster)] = {"n": int(row["n", ""]), "harris": float(row["harris", ""]), **of_it}
    return figures


def cloud_figures(
    cloud: pd.DataFrame, gaia: pd.DataFrame, model: RRLyraeModel, relation_of: Mapping[str, str]
) -> dict[str, Any]:
    """[Fe/H] (dex) and distance modulus (mag) of RRab in the Large Magellanic Cloud, [Fe/H] by relations too.

    Parameters
    ----------
    cloud
        ``source_id``, ``Type`` (RRab or RRc), ``Period`` (days), ``E(B-V)`` (mag), ``A1`` to ``A3`` (mag), ``Phi21``
        and ``Phi31`` (rad), each of the five with its ``_error``. Nothing else of it is read.
    gaia
        ``source_id`` and ``g_mean`` (mag).
    model
        What gives [Fe/H] of RRab.
    relation_of
        By mode, the relation that gives [Fe/H] too.
    """
    a, phi = ["A1", "A2", "A3"], ["Phi21", "Phi31"]
    groups = (a, [f"{x}_error" for x in a], phi, [f"{x}_error" for x in phi])
    cloud = cloud[["source_id", "Type", "Period", "E(B-V)", *(name for names in groups for name in names)]]
    of_modes = {}
    for mode, name in relation_of.items():
        some = cloud[cloud.Type == mode]
        answers = relations()[name].value({"period": some.Period, "phi31": some.Phi31, "a2": some.A2})
        spread = {"mean [Fe/H]": round(float(answers.mean()), 3), "scatter": round(float(answers.std()), 3)}
        of_modes[f"{mode} by {name}"] = {"n": len(some), **spread}
    stars = cloud.query("Type == 'RRab'").merge(gaia[["source_id", "g_mean"]], on="source_id").dropna()
    measured = (stars.Period, *(stars[names] for names in groups), np.full(len(stars), np.nan))
    series = Calibrators(*(np.asarray(each, np.float64) for each in measured))
    feh = model.feh_of(series.parameters(model.populations["RRab"]), series.period)
    columns = {"feh": feh, "feh_error": np.full(len(feh), _FEH_ERROR), "pulsation_period": series.period}
    table = pa.table({**columns, "mode": ["RRab"] * len(feh), "mean": stars.g_mean, "ebv": stars["E(B-V)"]})
    step = Distances(reddening="ebv")
    modulus = step(table)["distance_modulus"].to_numpy()
    means = {"mean [Fe/H]": feh.mean(), "distance modulus, mean": modulus.mean(), "median": np.median(modulus)}
    rounded = {k: round(float(v), 3) for k, v in means.items()}
    return {"n": len(feh), "relation": step.relations[0], **rounded, **of_modes}


def overtone_figures(
    spectroscopy: pd.DataFrame, gaia: pd.DataFrame, model: RRLyraeModel, relation: str
) -> dict[str, Any]:
    """A relation of RRc against spectroscopy (dex), with Gaia's Fourier parameters and with denoised ones.

    Parameters
    ----------
    spectroscopy
        ``gaia_id``, ``type``, ``feh`` and ``shift`` (dex; onto one scale), a row a measurement.
    gaia
        ``source_id``, ``type`` and what `PublishedSeries.of_gaia` reads.
    model
        What denoises.
    relation
        Name of it.
    """
    measured = spectroscopy.query("type == 'RRc'").dropna(subset="feh")
    feh = (measured.feh + measured["shift"].fillna(0.0)).groupby(measured.gaia_id).mean()
    stars = gaia.query("type == 'RRC'").dropna(subset="amplitude")
    stars = stars[stars.source_id.isin(feh.index)]
    series = PublishedSeries.of_gaia(stars)
    denoised = series.parameters(model.populations["RRc"])
    own = {"phi31": series.phi31, "a2": series.amplitude / 2 * series.r21}
    given = {"phi31": denoised.phases[:, 1], "a2": denoised.amplitudes[:, 1]}
    figures: dict[str, Any] = {}
    for name, terms in (("own", own), ("denoised", given)):
        answers = relations()[relation].value({"period": series.period, **terms})
        rest = (answers - feh[stars.source_id].to_numpy())[np.isfinite(answers)]
        rmse = round(float(np.sqrt(np.mean(rest**2))), 3)
        figures[f"{name} parameters"] = {"n": len(rest), "rmse": rmse, "mean": round(float(rest.mean()), 3)}
    spread = feh[stars.source_id].std(ddof=0)
    return {"relation": relation, **figures, "scatter of the spectroscopic values": round(float(spread), 3)}


def robust_line(log_period: Floats, value: Floats, pivot: float = 0.0) -> dict[str, float]:
    """A line through what is within three robust deviations of it.

    Parameters
    ----------
    log_period, value
        log10 of days, and mag, float64 [n], NaN nowhere.
    pivot
        log10 of the period at which the line is fitted.

    Returns
    -------
    dict
        ``n`` that were kept ``of`` all; ``constant`` at log P = 0, slope ``log_period`` and ``scatter``, mag.
    """
    terms, kept = np.stack([np.ones_like(log_period), log_period - pivot], axis=1), np.ones(len(value), np.bool_)
    for _ in range(_ROUNDS):
        found = np.linalg.lstsq(terms[kept], value[kept], rcond=None)[0]
        rest = value - terms @ found
        kept = np.abs(rest) < _CLIP * _NORMAL * np.median(np.abs(rest[kept]))
    figures = {"constant": found[0] - pivot * found[1], "log_period": found[1], "scatter": rest[kept].std()}
    return {"n": int(kept.sum()), "of": len(value), **{k: round(float(v), 3) for k, v in figures.items()}}


def robust_middle(values: Floats) -> dict[str, float]:
    """``n``, ``median`` and robust ``scatter`` of values, float64 [n], in their unit."""
    median = float(np.median(values))
    scatter = _NORMAL * float(np.median(np.abs(values - median)))
    return {"n": len(values), "median": round(median, 3), "scatter": round(scatter, 3)}

"""[Fe/H] of RR Lyrae stars in globular clusters against Harris' catalogue, and the distance of the Magellanic Cloud.

    python jobs/rrlyrae_clusters.py --config clusters.toml

with a file such as

    members = "globular_cluster_variables.csv.gz"   # Clement: File, RAJ2000, DEJ2000, Per, Type
    names = "globular_clusters_clement.csv"         # File, Name
    clusters = "globular_clusters_harris.csv"       # ID, Name, FeH
    parameters = "gaia_dr3_rrlyrae.parquet"         # source_id, type, period, amplitude, r21_g, phi21_g, phi31_g …
    cloud = "gaia_dr3.csv.gz"                       # source_id, Type, Period, E(B-V), A1 … Phi31 with errors
    spectroscopy = "spectroscopic_feh.csv"          # gaia_id, type, feh, shift
    model = "models/gaia_g"
    write = true                                    # figures into the card of the model
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from configuration import run_job

from lcscale.crossmatch import match
from lcscale.options import Option
from lcscale.products.rrlyrae import Distances, RRLyraeModel, relations
from lcscale.products.rrlyrae.model import DEFAULT_MODEL
from lcscale.products.rrlyrae.training import Calibrators, PublishedSeries
from lcscale.surveys.positions import gaia_positions


@dataclass(frozen=True)
class ClustersJob:
    """Keys of the file."""

    members: str = Option("CSV file of variables in clusters.").key()
    names: str = Option("CSV file with the names of these clusters.").key()
    clusters: str = Option("CSV file of clusters with [Fe/H].").key()
    parameters: str = Option("Parquet file of Gaia's RR Lyrae stars.").key()
    fewest: int = Option("Usable stars that a cluster needs.", 5).key()
    cloud: str = Option("CSV file of Gaia's RRab in the Large Magellanic Cloud, with E(B-V).", "").key()
    model: str = Option("Name or folder of the model.", DEFAULT_MODEL).key()
    relation: str = Option("Relation to compare with.", "muraveva2025_rrab").key()
    spectroscopy: str = Option("CSV file of spectroscopic [Fe/H] with Gaia ids, for RRc.", "").key()
    relation_rrc: str = Option("Relation of RRc to compare with.", "muraveva2025_rrc").key()
    write: bool = Option("Whether the figures go into the card of the model.", False).key()


def matched(job: ClustersJob) -> pd.DataFrame:
    """RRab of Gaia at the place (its id is good to half an arcminute) and with the period of a member."""
    members = pd.read_csv(job.members).dropna(subset=["RAJ2000", "DEJ2000", "Per"])
    gaia = pd.read_parquet(job.parameters).query("type == 'RRAB'").dropna(subset=["phi31_g"]).reset_index()
    place = gaia_positions(gaia.source_id.to_numpy())
    here, there, _ = match(*place, members.RAJ2000.to_numpy(), members.DEJ2000.to_numpy(), 60.0, n_neighbors=None)
    near = gaia.period.to_numpy()[here] / members.Per.to_numpy()[there]
    here, there = here[np.abs(near - 1) < 5e-4], there[np.abs(near - 1) < 5e-4]
    return gaia.iloc[here].assign(File=members.File.to_numpy()[there]).drop_duplicates("source_id")


def work(job: ClustersJob) -> int:
    stars, names = matched(job), pd.read_csv(job.names).set_index("File").Name.str.replace(" ", "")
    columns = ("period", "amplitude", "r21_g", "r31_g", "phi21_g", "phi31_g")
    series, model = PublishedSeries(*(stars[name].to_numpy(float) for name in columns)), RRLyraeModel.load(job.model)
    stars["regression"] = model.feh_of(series.parameters(model.populations["RRab"]), series.period)
    terms = {"period": series.period, "phi31": series.phi31}
    stars["relation"] = relations()[job.relation].value(terms)
    harris = pd.read_csv(job.clusters).dropna(subset="FeH").set_index("ID").FeH
    stars["cluster"] = [next((p for p in str(names.get(f)).split(",") if p in harris.index), None) for f in stars.File]
    table = stars.groupby("cluster")[["regression", "relation"]].agg(["mean", "std"])
    table["n", ""], table["harris", ""] = stars.groupby("cluster").size(), harris
    table = table[table["n"] >= job.fewest]
    print(table.round(2).to_string())
    figures: dict[str, Any] = {"stars that a cluster needs": job.fewest}
    for cluster, row in table.iterrows():
        of_it = {f"{k} {what}": round(row[k, what], 3) for k in ("regression", "relation") for what in ("mean", "std")}
        figures[str(cluster)] = {"n": int(row["n", ""]), "harris": float(row["harris", ""]), **of_it}
    for name in ("regression", "relation"):
        rest = table[name, "mean"] - table["harris"]
        print(f"{name}: {len(rest)} clusters, rms {np.sqrt(np.mean(rest**2)):.3f}, mean {rest.mean():+.3f} dex")
    found = {"clusters": figures}
    if job.cloud:
        found["Large Magellanic Cloud"] = cloud(job, model)
        print(json.dumps(found["Large Magellanic Cloud"]))
    if job.spectroscopy:
        found["overtones, spectroscopy"] = overtones(job, model)
        print(json.dumps(found["overtones, spectroscopy"]))
    if job.write:
        card = replace(model.card, metrics={**model.card.metrics, **found})
        print(job.model, replace(model, card=card).save(job.model).id)
    return 0


def cloud(job: ClustersJob, model: RRLyraeModel) -> dict[str, Any]:
    """[Fe/H] and distance modulus of RRab in the Cloud; only Fourier parameters and reddening are read of its table."""
    names = ["source_id", "Type", "Period", "E(B-V)"]
    names += [f"{name}{end}" for name in ("A1", "A2", "A3", "Phi21", "Phi31") for end in ("", "_error")]
    every = pd.read_csv(job.cloud, usecols=names)
    of_modes = {}
    for mode, name in (("RRab", job.relation), ("RRc", job.relation_rrc)):
        some = every[every.Type == mode]
        answers = relations()[name].value({"period": some.Period, "phi31": some.Phi31, "a2": some.A2})
        spread = {"mean [Fe/H]": round(float(answers.mean()), 3), "scatter": round(float(answers.std()), 3)}
        of_modes[f"{mode} by {name}"] = {"n": len(some), **spread}
    light = pd.read_parquet(job.parameters, columns=["source_id", "g_mean"])
    stars = every.query("Type == 'RRab'").merge(light, on="source_id").dropna()
    a, phi = ["A1", "A2", "A3"], ["Phi21", "Phi31"]
    groups = (a, [f"{x}_error" for x in a], phi, [f"{x}_error" for x in phi])
    unknown = np.full(len(stars), np.nan)
    series = Calibrators(stars.Period.to_numpy(), *(stars[names].to_numpy() for names in groups), unknown)
    feh = model.feh_of(series.parameters(model.populations["RRab"]), series.period)
    columns = {"feh": feh, "feh_error": np.full(len(feh), 0.25), "pulsation_period": series.period}
    table = pa.table({**columns, "mode": ["RRab"] * len(feh), "mean": stars.g_mean, "ebv": stars["E(B-V)"]})
    step = Distances(reddening="ebv")
    modulus = step(table)["distance_modulus"].to_numpy()
    means = {"mean [Fe/H]": feh.mean(), "distance modulus, mean": modulus.mean(), "median": np.median(modulus)}
    rounded = {k: round(float(v), 3) for k, v in means.items()}
    return {"n": len(feh), "relation": step.relations[0], **rounded, **of_modes}


def overtones(job: ClustersJob, model: RRLyraeModel) -> dict[str, Any]:
    """The relation of RRc against spectroscopy, on stars that have Gaia's Fourier parameters."""
    measured = pd.read_csv(job.spectroscopy).query("type == 'RRc'").dropna(subset="feh")
    measured["feh"] += measured["shift"].fillna(0.0)
    feh = measured.groupby("gaia_id").feh.mean()
    stars = pd.read_parquet(job.parameters).query("type == 'RRC'").dropna(subset="amplitude")
    stars = stars[stars.source_id.isin(feh.index)]
    columns = ("period", "amplitude", "r21_g", "r31_g", "phi21_g", "phi31_g")
    series = PublishedSeries(*(stars[name].to_numpy(float) for name in columns))
    denoised = series.parameters(model.populations["RRc"])
    own = {"phi31": series.phi31, "a2": series.amplitude / 2 * series.r21}
    given = {"phi31": denoised.phases[:, 1], "a2": denoised.amplitudes[:, 1]}
    figures: dict[str, Any] = {}
    for name, terms in (("own", own), ("denoised", given)):
        answers = relations()[job.relation_rrc].value({"period": series.period, **terms})
        rest = (answers - feh[stars.source_id].to_numpy())[np.isfinite(answers)]
        figures[f"{name} parameters"] = {
            "n": len(rest), "rmse": round(float(np.sqrt(np.mean(rest**2))), 3), "mean": round(float(rest.mean()), 3)
        }  # fmt: skip
    spread = feh[stars.source_id].std(ddof=0)
    return {"relation": job.relation_rrc, **figures, "scatter of the spectroscopic values": round(float(spread), 3)}


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(ClustersJob, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())

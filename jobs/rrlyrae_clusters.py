"""[Fe/H] of RR Lyrae stars in globular clusters, from Gaia's Fourier parameters, against Harris' catalogue.

    python jobs/rrlyrae_clusters.py --config clusters.toml

with a file such as

    members = "globular_cluster_variables.csv.gz"   # Clement: File, RAJ2000, DEJ2000, Per, Type
    names = "globular_clusters_clement.csv"         # File, Name
    clusters = "globular_clusters_harris.csv"       # ID, Name, FeH
    parameters = "gaia_dr3_rrlyrae.parquet"         # source_id, type, period, amplitude, r21_g, phi21_g, phi31_g …
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from configuration import run_job

from lcscale.crossmatch import match
from lcscale.options import Option
from lcscale.products.rrlyrae import RRLyraeModel
from lcscale.products.rrlyrae.training import PublishedSeries
from lcscale.surveys.positions import gaia_positions


@dataclass(frozen=True)
class Clusters:
    """Keys of the file."""

    members: str = Option("CSV file of variables in clusters.").key()
    names: str = Option("CSV file with the names of these clusters.").key()
    clusters: str = Option("CSV file of clusters with [Fe/H].").key()
    parameters: str = Option("Parquet file of Gaia's RR Lyrae stars.").key()
    fewest: int = Option("Usable stars that a cluster needs.", 5).key()


def matched(job: Clusters) -> pd.DataFrame:
    """RRab of Gaia at the place (its id is good to half an arcminute) and with the period of a member."""
    members = pd.read_csv(job.members).dropna(subset=["RAJ2000", "DEJ2000", "Per"])
    gaia = pd.read_parquet(job.parameters).query("type == 'RRAB'").dropna(subset=["phi31_g"]).reset_index()
    place = gaia_positions(gaia.source_id.to_numpy())
    here, there, _ = match(*place, members.RAJ2000.to_numpy(), members.DEJ2000.to_numpy(), 60.0, n_neighbors=None)
    near = gaia.period.to_numpy()[here] / members.Per.to_numpy()[there]
    here, there = here[np.abs(near - 1) < 5e-4], there[np.abs(near - 1) < 5e-4]
    return gaia.iloc[here].assign(File=members.File.to_numpy()[there]).drop_duplicates("source_id")


def work(job: Clusters) -> int:
    stars, names = matched(job), pd.read_csv(job.names).set_index("File").Name.str.replace(" ", "")
    columns = ("period", "amplitude", "r21_g", "r31_g", "phi21_g", "phi31_g")
    series, model = PublishedSeries(*(stars[name].to_numpy(float) for name in columns)), RRLyraeModel.load("gaia_g")
    stars["regression"] = model.feh_of(series.parameters(model.populations["RRab"]), series.period)
    stars["relation"] = -0.37 - 5.55 * stars.period + 0.94 * stars.phi31_g
    harris = pd.read_csv(job.clusters).dropna(subset="FeH").set_index("ID").FeH
    stars["cluster"] = [next((p for p in str(names.get(f)).split(",") if p in harris.index), None) for f in stars.File]
    table = stars.groupby("cluster")[["regression", "relation"]].agg(["mean", "std"])
    table["n", ""], table["harris", ""] = stars.groupby("cluster").size(), harris
    table = table[table["n"] >= job.fewest]
    print(table.round(2).to_string())
    for name in ("regression", "relation"):
        rest = table[name, "mean"] - table["harris"]
        print(f"{name}: {len(rest)} clusters, rms {np.sqrt(np.mean(rest**2)):.3f}, mean {rest.mean():+.3f} dex")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(Clusters, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())

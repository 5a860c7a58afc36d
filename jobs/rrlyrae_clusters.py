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

import numpy as np
import pandas as pd
from configuration import run_job

from lcscale.options import Option
from lcscale.products.rrlyrae import RRLyraeModel, validating
from lcscale.products.rrlyrae.model import DEFAULT_MODEL


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


def work(job: ClustersJob) -> int:
    gaia, model = pd.read_parquet(job.parameters), RRLyraeModel.load(job.model)
    members = validating.cluster_members(gaia, pd.read_csv(job.members))
    names, harris = pd.read_csv(job.names), pd.read_csv(job.clusters)
    table = validating.cluster_metallicities(members, names, harris, model, job.relation, job.fewest)
    print(table.round(2).to_string())
    for name in ("regression", "relation"):
        rest = table[name, "mean"] - table["harris"]
        print(f"{name}: {len(rest)} clusters, rms {np.sqrt(np.mean(rest**2)):.3f}, mean {rest.mean():+.3f} dex")
    found = {"clusters": {"stars that a cluster needs": job.fewest, **validating.cluster_figures(table)}}
    if job.cloud:
        both = {"RRab": job.relation, "RRc": job.relation_rrc}
        found["Large Magellanic Cloud"] = validating.cloud_figures(pd.read_csv(job.cloud), gaia, model, both)
        print(json.dumps(found["Large Magellanic Cloud"]))
    if job.spectroscopy:
        measured = pd.read_csv(job.spectroscopy)
        found["overtones, spectroscopy"] = validating.overtone_figures(measured, gaia, model, job.relation_rrc)
        print(json.dumps(found["overtones, spectroscopy"]))
    if job.write:
        card = replace(model.card, metrics={**model.card.metrics, **found})
        print(job.model, replace(model, card=card).save(job.model).id)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(ClustersJob, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())

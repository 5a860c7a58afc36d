"""Intrinsic colours of RR Lyrae stars and Wesenheit relations of Cepheids, fitted to the Large Magellanic Cloud.

    python jobs/rrlyrae_distances.py --config distances.toml

with a file such as

    cloud = "gaia_lmc_rrlyrae/gaia_dr3.csv.gz"      # source_id, Type, Period, E(B-V)
    colours = "gaia_dr3_rrlyrae.parquet"            # source_id, bp_rp
    cluster = "ngc6266_rrlyrae_gaia.csv"            # oType, o_Period, bp_rp, ruwe
    cepheids = "ogle_gaia_pairs/matches.csv.gz"     # OGLE-ID, subType, Period, Gaia's photometry, angDist
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from configuration import run_job

from lcscale.options import Option
from lcscale.products.rrlyrae.distances import EXTINCTION
from lcscale.products.rrlyrae.relations import relations
from lcscale.products.rrlyrae.validating import robust_line, robust_middle


@dataclass(frozen=True)
class DistancesJob:
    """Keys of the file."""

    cloud: str = Option("CSV file of RR Lyrae stars of the Large Magellanic Cloud, with E(B-V).").key()
    colours: str = Option("Parquet file with their BP - RP.").key()
    cluster: str = Option("CSV file of RR Lyrae stars of a cluster, to compare E(B-V).").key()
    cepheids: str = Option("CSV file of Cepheids of both Clouds with Gaia's photometry.").key()
    modulus: float = Option("Distance modulus of the Large Cloud.", 18.477).key()


def work(job: DistancesJob) -> int:
    stars = pd.read_csv(job.cloud, usecols=["source_id", "Type", "Period", "E(B-V)"])
    stars = stars.merge(pd.read_parquet(job.colours, columns=["source_id", "bp_rp"]), on="source_id").dropna()
    ratio, said = EXTINCTION["BP-RP"], {}
    for mode, some in stars.groupby("Type"):
        intrinsic = (some.bp_rp - ratio * some["E(B-V)"]).to_numpy()
        said[f"intrinsic BP-RP, {mode}"] = robust_line(np.log10(some.Period.to_numpy()), intrinsic)
    members = pd.read_csv(job.cluster).query("oType == 'RRab' and ruwe < 1.4").dropna(subset="bp_rp")
    colour = relations()["lmc_bp_rp_rrab"].value({"log_period": np.log10(members.o_Period.to_numpy())})
    said["E(B-V) of the cluster"] = robust_middle((members.bp_rp.to_numpy() - colour) / ratio)
    pairs = pd.read_csv(job.cepheids).query("best_class_name == 'CEP' and angDist < 0.5").dropna(subset="bp_rp")
    pairs["w"], pairs["log_period"] = pairs.phot_g_mean_mag - 1.90 * pairs.bp_rp, np.log10(pairs.Period)
    for mode in ("F", "1O"):
        large, small = (pairs[pairs["OGLE-ID"].str.contains(f"{c}MC-CEP") & (pairs.subType == mode)] for c in "LS")
        found = robust_line(large.log_period.to_numpy(), large.w.to_numpy() - job.modulus, 0.7)
        said[f"W_G of Cepheids, {mode}"] = found
        absolute = found["constant"] + found["log_period"] * small.log_period
        said[f"modulus of the Small Cloud, {mode}"] = robust_middle((small.w - absolute).to_numpy())
    large = pairs[pairs["OGLE-ID"].str.contains("LMC-CEP") & (pairs.subType == "F")]
    absolute = relations()["clusters2022_wg"].value({"log_period": large.log_period})
    said["modulus of the Large Cloud, clusters2022_wg"] = robust_middle((large.w - absolute).to_numpy())
    print(json.dumps(said, indent=1))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(DistancesJob, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())

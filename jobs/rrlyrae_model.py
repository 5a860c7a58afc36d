"""Train the model of RR Lyrae stars in Gaia's G: two populations without labels, a regression of [Fe/H] with them.

    python jobs/rrlyrae_model.py --config model.toml

with a file such as

    curves = "gaia_dr2_G_folded.parquet"        # source_id, phase, mag
    periods = "gaia_dr2_periods.csv"            # source_id, period
    labels = "gaia_dr2_feh.csv"                 # source_id, feh
    overtones = "gaia_dr3_rrlyrae.parquet"      # type, period, amplitude, r21_g, r31_g, phi21_g, phi31_g
    calibrators = "gaia_dr3_high_resolution.csv"  # pf, A1-A3, phi21_g, phi31_g with errors, FeH
    model = "models/gaia_g"                     # folder to write
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.csv as pc
import pyarrow.parquet as pq
from configuration import run_job
from rrlyrae_files import calibrators, folded

from lcscale.options import Option
from lcscale.products.rrlyrae import training
from lcscale.products.rrlyrae.model import RRLyraeCard


@dataclass(frozen=True)
class RRLyraeModelJob:
    """Keys of the file."""

    curves: str = Option("Parquet file of folded RRab light curves in G.").key()
    periods: str = Option("CSV file with their periods, days.").key()
    labels: str = Option("CSV file with their [Fe/H], dex.").key()
    overtones: str = Option("Parquet file with Fourier parameters of RRc stars.").key()
    calibrators: str = Option("CSV file of RRab with Fourier parameters and spectroscopic [Fe/H].").key()
    model: str = Option("Folder to write the model to.").key()


def work(job: RRLyraeModelJob) -> int:
    source_id, period, lcs = folded(job.curves, job.periods)
    others = pq.read_table(job.overtones).to_pandas().query("type == 'RRC' and g_mean < 18 and 0.2 < period < 0.5")
    columns = ("period", "amplitude", "r21_g", "r31_g", "phi21_g", "phi31_g")
    series = training.PublishedSeries(*(others[name].to_numpy(float) for name in columns))
    populations = {"RRab": training.learn_rrab(lcs, period), "RRc": training.learn_rrc(series)}
    labels = pc.read_csv(job.labels)
    feh_of = dict(zip(labels["source_id"].to_pylist(), labels["feh"].to_pylist(), strict=True))
    rows = np.array([i for i, each in enumerate(source_id) if each in feh_of])
    feh = np.array([feh_of[i] for i in source_id[rows]])
    data = {"RRab": len(period), "RRc": len(series.period), "labelled": len(rows), "folds": "5, of HEALPix order 3"}
    scale = {"name": "Dekany+ 2021, I-band photometric on Crestani+ 2021", "error": 0.1}
    card = RRLyraeCard("gaia_g", "G", "real", {}, scale, data)
    curves, fold = lcs.take(rows), training.sky_folds(source_id[rows])
    model = training.train_metallicities(populations, curves, period[rows], feh, fold, card)
    model = training.on_spectroscopy(model, calibrators(job.calibrators), "Crestani+ 2021, spectroscopic")
    print(job.model, model.save(job.model).id, json.dumps(model.card.metrics, indent=1))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(RRLyraeModelJob, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())

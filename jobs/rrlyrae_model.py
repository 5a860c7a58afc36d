"""Train the model of RR Lyrae stars in Gaia's G: populations without labels, regression, trees, networks judged.

    python jobs/rrlyrae_model.py --config model.toml

with a file such as

    curves = "gaia_dr2_G_folded.parquet"        # source_id, phase, mag
    periods = "gaia_dr2_periods.csv"            # source_id, period
    labels = "gaia_dr2_feh.csv"                 # source_id, feh
    overtones = "gaia_dr3_rrlyrae.parquet"      # type, period, amplitude, r21_g, r31_g, phi21_g, phi31_g
    calibrators = "gaia_dr3_high_resolution.csv"  # pf, A1-A3, phi21_g, phi31_g with errors, FeH
    posterior = "calibrators/posterior.csv"     # of jobs/rrlyrae_calibrators.py
    networks = ["networks/gru"]                 # of jobs/rrlyrae_network.py; none where there are none
    model = "models/gaia_g"                     # folder to write
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import pyarrow.csv as pc
import pyarrow.parquet as pq
from configuration import run_job
from rrlyrae_files import calibrators, folded, labelled

from lcscale.models import load
from lcscale.options import Option
from lcscale.products.rrlyrae import training
from lcscale.products.rrlyrae.model import RRLyraeCard
from lcscale.products.rrlyrae.networks import LABEL_ERROR, SPLIT

MOST_DRAWS = 1500
"""Of the posterior that are kept."""


@dataclass(frozen=True)
class RRLyraeModelJob:
    """Keys of the file."""

    curves: str = Option("Parquet file of folded RRab light curves in G.").key()
    periods: str = Option("CSV file with their periods, days.").key()
    labels: str = Option("CSV file with their [Fe/H], dex.").key()
    overtones: str = Option("Parquet file with Fourier parameters of RRc stars.").key()
    calibrators: str = Option("CSV file of RRab with Fourier parameters and spectroscopic [Fe/H].").key()
    model: str = Option("Folder to write the model to.").key()
    posterior: str = Option("CSV file of draws that jobs/rrlyrae_calibrators.py wrote.", "").key()
    networks: list = Option("Folders of networks of jobs/rrlyrae_network.py to judge.", []).key()


def work(job: RRLyraeModelJob) -> int:
    _, period, lcs = folded(job.curves, job.periods)
    others = pq.read_table(job.overtones).to_pandas().query("type == 'RRC' and g_mean < 18 and 0.2 < period < 0.5")
    series = training.PublishedSeries.of_gaia(others)
    populations = {"RRab": training.learn_rrab(lcs, period), "RRc": training.learn_rrc(series)}
    stars = labelled(job.curves, job.periods, job.labels)
    data = {"RRab": len(period), "RRc": len(series.period), "labelled": len(stars.feh), "folds": asdict(SPLIT)}
    scale = {"name": "Dekany+ 2021, I-band photometric on Crestani+ 2021", "error": LABEL_ERROR}
    card = RRLyraeCard("gaia_g", "G", "real", {}, scale, data)
    networks = [load(folder) for folder in job.networks]
    model = training.train_metallicities(populations, stars.lcs, stars.period, stars.feh, stars.place, card, networks)
    model = training.on_spectroscopy(model, calibrators(job.calibrators), "Crestani+ 2021, spectroscopic")
    if job.posterior:
        draws = pc.read_csv(job.posterior)
        step = max(draws.num_rows // MOST_DRAWS, 1)
        posterior = {f"posterior.{name}": draws[name].to_numpy()[::step] for name in draws.column_names}
        model = replace(model, judged={**model.judged, **posterior})
    print(job.model, model.save(job.model).id, json.dumps(model.card.metrics, indent=1))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(RRLyraeModelJob, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())

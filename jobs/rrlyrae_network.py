"""Train a network from folded RRab light curves in Gaia's G to [Fe/H], one a fold of the sky.

    python jobs/rrlyrae_network.py --config network.toml

with a file such as

    curves = "gaia_dr2_G_folded.parquet"        # source_id, phase, mag
    periods = "gaia_dr2_periods.csv"            # source_id, period
    labels = "gaia_dr2_feh.csv"                 # source_id, feh
    network = "gru"                             # or lstm, transformer
    model = "networks/gru"                      # folder to write; jobs/rrlyrae_model.py judges it beside the others
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from configuration import run_job
from rrlyrae_files import labelled

from lcscale.lightcurves import clean
from lcscale.options import Option
from lcscale.products.rrlyrae.equations import SeriesEquations
from lcscale.products.rrlyrae.model import DEFAULT_MODEL, RRLyraeModel
from lcscale.products.rrlyrae.networks import train_network
from lcscale.products.rrlyrae.parameters import FourierParameters


@dataclass(frozen=True)
class RRLyraeNetworkJob:
    """Keys of the file."""

    curves: str = Option("Parquet file of folded RRab light curves in G.").key()
    periods: str = Option("CSV file with their periods, days.").key()
    labels: str = Option("CSV file with their [Fe/H], dex.").key()
    model: str = Option("Folder to write the model to.").key()
    network: str = Option("gru, lstm or transformer.", "gru").key()
    population: str = Option("Model whose populations denoise Fourier parameters.", DEFAULT_MODEL).key()
    epochs: int = Option("Most passes over the stars.", 30).key()


def work(job: RRLyraeNetworkJob) -> int:
    began = time.process_time()
    stars = labelled(job.curves, job.periods, job.labels)
    population = RRLyraeModel.load(job.population).populations["RRab"]
    equations = SeriesEquations.of(clean(stars.lcs), stars.period)
    parameters = FourierParameters.of(population.denoise(equations, stars.period))
    model = train_network(
        stars.lcs, stars.period, parameters, stars.feh, stars.place, job.model, network=job.network, epochs=job.epochs
    )
    figures = {name: model.card.metrics["test"][name] for name in ("n", "rmse", "coverage")}
    print(job.model, model.card.id, json.dumps(figures), f"{time.process_time() - began:.0f} s of CPU time")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(RRLyraeNetworkJob, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())

"""Simulated RR Lyrae stars of the populations of a model, as files that `lcscale ingest lightcurves` reads.

    python jobs/rrlyrae_stars.py --config stars.toml

with a file such as

    folder = "simulated"        # observations.parquet, objects.csv
    stars = 60
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from configuration import run_job

from lcscale.options import Option
from lcscale.products.rrlyrae import RRLyraeModel
from lcscale.products.rrlyrae.equations import ORDER
from lcscale.products.rrlyrae.model import DEFAULT_MODEL


@dataclass(frozen=True)
class StarsJob:
    """Keys of the file."""

    folder: str = Option("Folder to write to.").key()
    stars: int = Option("Stars, four RRab for each RRc.", 60).key()
    observations: int = Option("Observations of each.", 50).key()
    model: str = Option("Model whose populations are drawn from.", DEFAULT_MODEL).key()
    seed: int = Option("Of all random numbers.", 0).key()


def work(job: StarsJob) -> int:
    rng, each = np.random.default_rng(job.seed), job.observations
    objects, rows = [], []
    for mode, population in RRLyraeModel.load(job.model).populations.items():
        n = job.stars // 5 if mode == "RRc" else job.stars - job.stars // 5
        period = np.clip(rng.normal(population.pivot, population.period_spread / 2, n), *population.periods)
        drawn = rng.multivariate_normal(np.zeros(2 * ORDER), population.covariance, n)
        series = population.means(period) + drawn
        time = np.sort(rng.uniform(57_000, 58_000, (n, each)), axis=1)
        angle = 2 * np.pi * (time / period[:, None] + rng.random((n, 1)))
        mag = rng.uniform(14, 18, (n, 1)) + rng.normal(0, 0.01, (n, each))
        for k in range(ORDER):
            mag += series[:, k, None] * np.cos((k + 1) * angle) + series[:, ORDER + k, None] * np.sin((k + 1) * angle)
        called = [f"{mode}-{i:06d}" for i in range(n)]
        place = {"ra": rng.uniform(0, 360, n), "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, n)))}
        objects.append(pa.table({"id": called, **place, "true_mode": [mode] * n, "true_period": period}))
        observed = {"id": np.repeat(called, each), "time": time.ravel(), "mag": mag.ravel()}
        rows.append(pa.table({**observed, "mag_err": np.full(n * each, 0.01), "band": ["G"] * (n * each)}))
    folder = Path(job.folder)
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.concat_tables(rows), folder / "observations.parquet")
    pc.write_csv(pa.concat_tables(objects), folder / "objects.csv")
    print(f"{folder}: {job.stars:,} stars with {each} observations each")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(StarsJob, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())

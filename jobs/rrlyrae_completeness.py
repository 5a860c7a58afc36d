"""How [Fe/H] depends on the number of observations: real Gaia epochs, of which fewer and fewer are kept.

    python jobs/rrlyrae_completeness.py --config completeness.toml

with a file such as

    epochs = "photometry_G.parquet"       # source_id, time, mag, mag_err
    values = "gaia_dr3_inaf_feh.csv"      # source_id, feh_inaf: what all observations are compared with
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow.csv as pc
import pyarrow.parquet as pq
from configuration import run_job

from lcscale.options import Option
from lcscale.products.rrlyrae.completeness import completeness


@dataclass(frozen=True)
class CompletenessJob:
    """Keys of the file."""

    epochs: str = Option("Parquet file of Gaia's epochs in G.").key()
    values: str = Option("CSV file with [Fe/H] of others, by which the stars are chosen.").key()
    kept: list = Option("Observations that are kept of each star; 0: all.", [8, 12, 16, 20, 30, 40, 0]).key()
    relation: str = Option("Relation whose [Fe/H] is compared.", "inaf_rrab").key()
    seed: int = Option("Of the choice of observations.", 0).key()


def work(job: CompletenessJob) -> int:
    values = pc.read_csv(job.values).to_pandas().set_index("source_id").feh_inaf
    rows = []
    for row in completeness(pq.read_table(job.epochs).to_pandas(), values, job.kept, job.relation, job.seed):
        print(row, flush=True)
        rows.append(row)
    print(pd.DataFrame(rows[::-1]).to_string(index=False))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(CompletenessJob, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())

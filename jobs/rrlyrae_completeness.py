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

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from configuration import run_job

from lcscale.lightcurves import LightCurves
from lcscale.options import Option
from lcscale.periods import Search
from lcscale.products.rrlyrae import Choice, Metallicities, relations


@dataclass(frozen=True)
class CompletenessJob:
    """Keys of the file."""

    epochs: str = Option("Parquet file of Gaia's epochs in G.").key()
    values: str = Option("CSV file with [Fe/H] of others, by which the stars are chosen.").key()
    kept: list = Option("Observations that are kept of each star; 0: all.", [8, 12, 16, 20, 30, 40, 0]).key()
    relation: str = Option("Relation whose [Fe/H] is compared.", "inaf_rrab").key()
    seed: int = Option("Of the choice of observations.", 0).key()


def work(job: CompletenessJob) -> int:
    theirs = pc.read_csv(job.values).to_pandas().set_index("source_id").feh_inaf
    epochs = pq.read_table(job.epochs).to_pandas()
    epochs = epochs[epochs.source_id.isin(theirs.index)]
    epochs["rank"] = np.random.default_rng(job.seed).random(len(epochs))
    epochs["rank"] = epochs.groupby("source_id")["rank"].rank()
    rows, whole = [], None
    for kept in sorted(job.kept, key=lambda n: n or np.inf, reverse=True):
        some = epochs if not kept else epochs[epochs["rank"] <= kept]
        found = answers(some, job.relation)
        whole = found if whole is None else whole
        known, plain = found.feh.notna(), found.feh.notna() & found.reason.isna()
        right = (found.pulsation_period / whole.pulsation_period - 1).abs() < 1e-3
        terms = {"period": found.pulsation_period}
        of_phi31 = {
            name: (relations()[job.relation].value({**terms, "phi31": found[f"{name}phi31"]}) - theirs[found.index])[
                right
            ]
            for name in ("", "denoised_")
        }
        drift = found.feh - whole.feh
        rows.append(
            {
                "observations": kept or f"all ({int(some.groupby('source_id').size().median())})",
                "stars": len(found),
                "period of all, %": percent(right),
                "with [Fe/H], %": percent(known),
                "without a reason, %": percent(plain),
                "median error": round(float(found.feh_error.median()), 3),
                "rmse against all": rms(drift[known]),
                "without a reason": rms(drift[plain]),
                "stars, period right": int(right.sum()),
                "rmse, own phi31": rms(of_phi31[""]),
                "rmse, denoised phi31": rms(of_phi31["denoised_"]),
                "rmse, feh_relation": rms((found.feh_relation - theirs[found.index])[right]),
            }
        )
        print(rows[-1], flush=True)
    print(pd.DataFrame(rows[::-1]).to_string(index=False))
    return 0


def percent(rows: pd.Series) -> float:
    return round(100 * float(rows.mean()), 1)


def rms(rest: pd.Series) -> float:
    return round(float(np.sqrt((rest**2).mean())), 3)


def answers(epochs: pd.DataFrame, relation: str) -> pd.DataFrame:
    """[Fe/H] by our own periods and parameters, by Gaia id."""
    epochs = epochs.sort_values(["source_id", "time"])
    ids, first = np.unique(epochs.source_id, return_index=True)
    columns = (epochs[name].to_numpy() for name in ("time", "mag", "mag_err"))
    nested = LightCurves(*columns, np.r_[first, len(epochs)]).to_arrow()
    table = pa.table({"source_id": ids}).append_column(pa.field("lightcurve", nested.type), nested)
    step = Metallicities(choice=Choice((relation, "muraveva2025_rrc")))
    return step(Search(fmax=6.0)(table)).drop_columns("lightcurve").to_pandas().set_index("source_id")


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(CompletenessJob, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())

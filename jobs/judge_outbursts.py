"""Compare `lcscale outbursts` with the young stars of ZTF that Hillenbrand et al. (2022) measured, and count alarms.

    python jobs/judge_outbursts.py DATA LAKE [--docs FILE]

DATA has `ztf_yso/objects.csv`, LAKE the catalogs that `models_lake.py` makes; FILE is Markdown with lines
``<!-- judged: outbursts -->`` and ``<!-- end -->``. None of the stars is known to have had an outburst in these years.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from judge_models import put_into

from lcscale import Lake
from lcscale.crossmatch import match
from lcscale.products import find_outbursts, yso_share
from lcscale.products.outbursts import Outbursts

QUANTITIES = (  # in words, column of ours, of the paper
    ("Q, with the paper's period", "theirs_q", "Q"),
    ("Q, with the period that our search found", "periodicity_q", "Q"),
    ("M", "asymmetry_m", "M"),
    ("amplitude, beside ν", "variability_amplitude", "nu"),
)
CLASSES = {"p": "periodic", "qps": "quasi-periodic, symmetric", "qpd": "quasi-periodic dipper"}
CLASSES |= {"apd": "aperiodic dipper", "b": "burster", "s": "stochastic", "l": "long timescale"}


def stars_of(data: Path, lake: Lake) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What we find with our periods, with theirs as `theirs_q`; beside it what the paper has of the same stars."""
    curves = lake["ztf_yso"].join(lake["ztf_yso_periods"])
    found, paper = find_outbursts(curves).to_pandas(), pd.read_csv(data / "ztf_yso" / "objects.csv")
    ours, theirs, _ = match(found.ra.to_numpy(), found.dec.to_numpy(), paper.RA.to_numpy(), paper.DEC.to_numpy(), 1.5)
    paper = paper.iloc[theirs].reset_index(drop=True)
    table = curves.columns("lightcurve").to_arrow().take(pa.array(ours))
    told = Outbursts(period="told")(table.append_column("told", pa.array(paper.period.to_numpy())))
    return found.iloc[ours].reset_index(drop=True).assign(theirs_q=told["periodicity_q"].to_pandas()), paper


def tables(found: pd.DataFrame, paper: pd.DataFrame) -> str:
    n, alarms = int(found.outburst_amplitude.notna().sum()), int(found.outburst_type.notna().sum())
    share, low, high = yso_share(n, alarms)  # the same interval, Wilson's
    lines = [f"Alarms: {alarms} of {n} light curves with enough visits, {share:.2f} % ({low:.2f} to {high:.2f})."]
    lines += ["", "| quantity | stars | rank correlation | correlation | median difference |", "|---|---|---|---|---|"]
    for name, ours, theirs in QUANTITIES:
        both = pd.DataFrame({"ours": found[ours].astype(float), "theirs": paper[theirs]}).dropna()
        ranked, plain = both.corr("spearman").iloc[0, 1], both.corr().iloc[0, 1]
        gap = f"{(both.ours - both.theirs).median():.2f}" if theirs != "nu" else ""
        lines.append(f"| {name} | {len(both)} | {ranked:.2f} | {plain:.2f} | {gap} |")
    lines += ["", "| class of the paper | stars | median Q, ours | theirs | median M, ours | theirs | alarms |"]
    lines += ["|" + "---|" * 7]
    for kind, title in CLASSES.items():
        here = (paper.primary_class == kind).to_numpy()
        q, m = (f"{np.nanmedian(found[name][here].astype(float)):.2f}" for name in ("periodicity_q", "asymmetry_m"))
        theirs = [f"{paper[name][here].median():.2f}" for name in ("Q", "M")]
        alarms = int(found.outburst_type[here].notna().sum())
        lines.append(f"| {title} | {here.sum()} | {q} | {theirs[0]} | {m} | {theirs[1]} | {alarms} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("lake")
    parser.add_argument("--docs", type=Path)
    given = parser.parse_args()
    text = tables(*stars_of(given.data, Lake(given.lake)))
    print(text)
    if given.docs:
        put_into(given.docs, "outbursts", text)


if __name__ == "__main__":
    main()

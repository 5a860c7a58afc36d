"""The clean sample of RRab calibrators: who is in and why, and a Bayesian relation on it.

    python jobs/rrlyrae_calibrators.py --config calibrators.toml

with a file such as

    spectroscopy = "spectroscopic_feh.csv"      # name, type, feh, e_feh, shift, source, ra_gaia, dec_gaia
    parameters = "gaia_dr3_high_resolution.csv" # source_id, pf, phi31_g … with errors
    folder = "calibrators"                      # for sample.csv, relation.json, features.json, features.svg
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
from configuration import run_job

from lcscale.explore.rrlyrae import feature_selection
from lcscale.options import Option
from lcscale.products.rrlyrae.bayesian import PRIORS, fit_relation
from lcscale.products.rrlyrae.sample import Cuts, clean_sample, columns_of
from lcscale.products.rrlyrae.selection import select_features


@dataclass(frozen=True)
class Calibrators:
    """Keys of the file."""

    spectroscopy: str = Option("CSV file of spectroscopic [Fe/H], a row a measurement.").key()
    parameters: str = Option("CSV file of Gaia's Fourier parameters.").key()
    folder: str = Option("Folder to write to.").key()
    largest_phi31_error: float = Option("Cut: error of φ31, rad.", 0.3).key()
    seed: int = Option("Of the sampler and the bootstraps.", 0).key()


def work(job: Calibrators) -> int:
    sample = clean_sample(pc.read_csv(job.spectroscopy), pc.read_csv(job.parameters), Cuts(job.largest_phi31_error))
    folder = Path(job.folder)
    folder.mkdir(parents=True, exist_ok=True)
    pc.write_csv(sample, folder / "sample.csv")
    stars = sample.filter(sample["reason"].is_null())
    terms, errors = (columns_of(stars, names) for names in (("pf", "phi31_g"), ("pf_error", "phi31_g_error")))
    feh, feh_error = (columns_of(stars, (name,))[:, 0] for name in ("feh", "feh_error"))
    posterior = fit_relation(("period", "phi31"), terms, errors, feh, feh_error, seed=job.seed)
    found = {"n": len(stars), "priors": PRIORS, "autocorrelation": posterior.autocorrelation, **posterior.summary()}
    (folder / "relation.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    table = pa.table(dict(zip(posterior.names, posterior.draws.T, strict=True)))
    pc.write_csv(table, folder / "posterior.csv")
    selected = select_features(stars, seed=job.seed)
    (folder / "features.json").write_text(json.dumps(selected, indent=1) + "\n", "utf-8")
    (folder / "features.svg").write_text(feature_selection(selected), "utf-8")
    reasons = sample["reason"].value_counts().to_pylist()
    print(f"{len(stars)} of {len(sample)} stars are in", *reasons, json.dumps(found, indent=1), sep="\n")
    print(json.dumps(selected, indent=1))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(Calibrators, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())

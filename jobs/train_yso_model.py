"""Train the shipped model of YSO candidates from public labelled photometry, and simulated stars where there is none.

    python jobs/train_yso_model.py DATA [FOLDER]

DATA holds the folders `gaia_2mass_allwise` (one sample in three surveys, with literature classes; Yang et al. 2022),
`late_type_stars`, `infrared_yso_agb` (Suh 2021), `ztf_yso` (Hillenbrand et al. 2022) and `yso` (AllWISE detections).
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lcscale.crossmatch import MatchOptions, ProperMotion, match_tables
from lcscale.products.yso import LabelledTable, train_yso_model
from lcscale.simulation.population import simulate_population

SIMULATED = {"main_sequence": 1500, "evolved": 3000, "extragalactic": 1500, "YSO": 1500}
WISE = ("w1", "w2", "w3", "w4")
GAIA = ("RA_ICRS_gaia", "DE_ICRS_gaia")
MOTION = ProperMotion(epoch=2016.0, pmra="pmRA_gaia", pmdec="pmDE_gaia")


def in_three_surveys(folder: Path) -> pa.Table:
    """Gaia sources with their 2MASS and AllWISE photometry and literature classes."""
    gaia, twomass, allwise, classes = (
        pq.read_table(folder / f"{name}.parquet") for name in ("gaia", "2mass", "allwise", "classified")
    )
    twomass, allwise = twomass.drop_columns(["_q"]), allwise.drop_columns(["_q"])
    labels = classes.select(["GAIA_RA_ICRS", "GAIA_DE_ICRS", "Class"])
    for right, position, epoch, radius in (
        (twomass, ("RAJ2000_2mass", "DEJ2000_2mass"), 2000.0, 1.5),
        (allwise, ("RAJ2000_allwise", "DEJ2000_allwise"), 2010.5, 2.0),
        (labels, ("GAIA_RA_ICRS", "GAIA_DE_ICRS"), 2016.0, 0.2),
    ):
        options = MatchOptions(radius, how="left", left_motion=MOTION, epoch=epoch, suffix="_joined")
        gaia = match_tables(gaia, right, options, left_columns=GAIA, right_columns=position)
        gaia = gaia.drop_columns([name for name in gaia.column_names if name.startswith("separation")])
    return gaia


def tables(data: Path) -> list[LabelledTable]:
    sample = data / "gaia_2mass_allwise"
    late = pd.read_csv(data / "late_type_stars" / "gaia_2mass.csv.gz").dropna(subset="ra").assign(label="evolved")
    young = pd.read_csv(data / "ztf_yso" / "infrared.csv").assign(label="YSO")
    classified = pq.read_table(sample / "classified.parquet")
    classified = classified.drop_columns(["Gaia", "Class"]).append_column("label", classified.column("Class"))
    return [
        LabelledTable("gaia_2mass_allwise", in_three_surveys(sample), "Class", "yang2022", GAIA),
        LabelledTable("classified", classified, scheme="yang2022", position=("ra", "dec")),
        LabelledTable("late_type_stars", pa.Table.from_pandas(late, preserve_index=False)),
        LabelledTable("ztf_yso", pa.Table.from_pandas(young, preserve_index=False), position=("ra_1", "dec_1")),
        LabelledTable(
            "infrared_yso_agb", pq.read_table(data / "infrared_yso_agb" / "photometry.parquet"),
            "class", "suh2021", position=None, most=1500, bands=WISE,
        ),
        LabelledTable("simulated", simulate_population(SIMULATED), real=False),
    ]  # fmt: skip


def main(data: str, folder: str = "lcscale/models/shipped_tabular/yso") -> None:
    files = {band: Path(data) / "yso" / f"allwise_{band}_training.csv.gz" for band in ("w3", "w4")}
    detections = {band: pa.Table.from_pandas(pd.read_csv(path)) for band, path in files.items()}
    model = train_yso_model(tables(Path(data)), detections, folder)
    for part, figures in model.card.metrics.items():
        for sample, row in figures.items():
            f1 = ", ".join(f"{name} {each['f1']:.3f} ({each['n']})" for name, each in row["per_class"].items())
            print(f"{part}, {sample}: accuracy {row['accuracy']:.3f}, ECE {row['ece']:.3f}; F1 {f1}")
    print(f"{folder}: model {model.card.id}")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Train the model `ztf` that the package ships: g and r light curves, simulated at real times of ZTF, and real ones.

    python jobs/train_ztf_model.py LAKE [FOLDER]

Expects in the lake what `models_lake.py` makes; periods are those that the search finds (``NAME_periods``, where it is
there). A simulated star stands where the real star stands whose times, errors and brightness it was given: both are in
the same of the three sets. Takes five minutes on one core.
"""

from __future__ import annotations

import sys

import numpy as np

from lcscale import Lake
from lcscale.lightcurves import usable
from lcscale.models import LabelledCurves, Preparation, Role, Split, TrainingOptions, train
from lcscale.models.inputs.preparation import ALTERNATIVES
from lcscale.models.labels.curves import SIMULATED
from lcscale.models.labels.taxonomy import map_labels
from lcscale.periods import Search, find
from lcscale.products import transfer_labels
from lcscale.simulation.synthesis import synthesize_at

ROLES = (Role("blue", ("g",)), Role("red", ("r", "i")))  # of ZTF alone: it has learnt nothing of other surveys
CATALOGS = ("ztf_yso", "ztf_gaia_binaries", "ztf_prototypes")
LEFT_OUT = ("M", "SRA", "BY")  # single stars of other kinds in the list of binaries
PULSATING = ("RRab", "RRc", "RRd", "DCEP_F", "DCEP_1O", "T2CEP", "DSCT")
SIMULATED_CLASSES = (*PULSATING, "EA", "EB", "EW", "RSCVN", "ROT", "LPV", "MIRA", "YSO", "CONST")
WAVELENGTHS = {"g": 0.472, "r": 0.634, "i": 0.789}  # micrometres: amplitudes in g are then 1.45 times those in r
REDDENING = 0.3  # mean colour excess g - r: young stars and many binaries stand behind dust
SPLIT = Split(validation=0.15, test=0.3, order=9)
OPTIONS = TrainingOptions(epochs=35, hidden=96, dropout=0.2, class_weight_power=0.0, stacked_with=())


def real_stars(lake: Lake, name: str) -> LabelledCurves:
    found = lake[name].join(lake[f"{name}_periods"]) if f"{name}_periods" in lake else lake[name].map(Search())
    if name == "ztf_gaia_binaries":
        found = transfer_labels(found, lake[f"{name}_types"], label="type", radius_arcsec=2.0)
    tables = list(found.to_batches())
    if name == "ztf_yso":
        tables = [table.append_column("type", [["YSO"] * len(table)]) for table in tables]
    label = "label" if name == "ztf_prototypes" else "type"
    stars = LabelledCurves.from_tables(tables, label=label, columns=ALTERNATIVES)
    names = [each.split("+")[0].split("/")[0].split(":")[0] for each in stars.label]
    stars.label[:] = map_labels(np.array([None if each in LEFT_OUT else each for each in names], object), "ztf")
    return stars


def simulated_stars(real: LabelledCurves, of_each: int = 250, seed: int = 0) -> LabelledCurves:
    """Stars of all classes, each observed as one of the real ones was."""
    lcs, reasons = usable(real.lcs)
    known = lcs.keep(lcs.band >= 0)
    fit = np.flatnonzero([reason is None for reason in reasons] & (known.counts > 0))
    labels = np.repeat(np.array(SIMULATED_CLASSES, object), of_each)
    watched = np.random.default_rng(seed).choice(fit, labels.size)
    made = synthesize_at(labels, known.take(watched), seed, wavelengths=WAVELENGTHS, reddening=REDDENING)
    periods = find(made.lcs)
    values = {name: periods[name].to_numpy(zero_copy_only=False).astype(float) for name in ("period", *ALTERNATIVES)}
    return LabelledCurves(made.lcs, values.pop("period"), labels, real.healpix_29[watched], real.bands, values)


def gather(lake: Lake) -> LabelledCurves:
    """The real stars, and the simulated ones."""
    parts = {name: real_stars(lake, name) for name in CATALOGS}
    parts[SIMULATED] = simulated_stars(LabelledCurves.concatenate(list(parts.values())))
    return LabelledCurves.concatenate([stars.as_survey(name, ROLES) for name, stars in parts.items()])


def main(lake_url: str, folder: str = "lcscale/models/shipped/ztf") -> None:
    joined = gather(Lake(lake_url))
    how = {"split": SPLIT, "options": OPTIONS, "preparation": Preparation(roles=ROLES), "min_class_size": 1}
    model = train(joined, folder, trained_on="mixed", progress=True, **how)
    print(f"{folder}: model {model.card.id}, accuracy {model.card.metrics['accuracy']:.3f} on real stars")


if __name__ == "__main__":
    main(*sys.argv[1:])

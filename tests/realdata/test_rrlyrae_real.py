"""[Fe/H] of real RR Lyrae stars, from raw Gaia epochs with our own periods and Fourier parameters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from lcscale.lightcurves import LightCurves
from lcscale.periods import Search
from lcscale.products.rrlyrae import Choice, Metallicities

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def measured(real_data):
    """The 225 stars with raw epochs and a value of the INAF group, which nothing here was trained on."""
    theirs = pc.read_csv(real_data / "rrlyrae_metallicity" / "gaia_dr3_inaf_feh.csv").to_pandas()
    epochs = pq.read_table(real_data / "gaia_dr3_epochs" / "photometry_G.parquet").to_pandas()
    epochs = epochs[epochs.source_id.isin(theirs.source_id)].sort_values(["source_id", "time"])
    ids, first = np.unique(epochs.source_id, return_index=True)
    offsets = np.r_[first, len(epochs)]
    lcs = LightCurves(*(epochs[name].to_numpy() for name in ("time", "mag", "mag_err")), offsets)
    nested = lcs.to_arrow()
    table = pa.table({"source_id": ids}).append_column(pa.field("lightcurve", nested.type), nested)
    choice = Choice(("inaf_rrab", "muraveva2025_rrc"))
    found = Metallicities(choice=choice)(Search(fmax=6.0)(table)).drop_columns("lightcurve").to_pandas()
    return found.merge(theirs, on="source_id")


def rms(values: pd.Series) -> float:
    return float(np.sqrt(np.mean(values**2)))


def test_the_relation_gives_the_values_of_others_again(measured):
    assert len(measured) == 225
    assert (measured["mode"] == "RRab").all()
    rest = measured.feh_relation - measured.feh_inaf
    print(f"n {len(rest)}, rmse {rms(rest):.4f}, median {rest.median():.4f}")
    assert rms(rest) <= 0.12
    assert abs(rest.median()) < 0.01


def test_stars_with_a_reason_are_those_that_disagree(measured):
    rest = measured.feh_relation - measured.feh_inaf
    named = measured.reason.notna()
    print(f"without a reason: n {(~named).sum()}, rmse {rms(rest[~named]):.4f}; with: {rms(rest[named]):.4f}")
    assert rms(rest[~named]) < 0.08 < rms(rest[named])

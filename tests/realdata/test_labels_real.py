"""OGLE's Cepheids put onto EROS-2's light curves of the same sky."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from skies import put

from lcscale.ingest import ingest
from lcscale.lake import HEALPIX_COLUMN
from lcscale.products import transfer_labels

pytestmark = pytest.mark.realdata


def cepheids(real_data):
    """Position and mode of every star of OGLE's list of classical Cepheids in the LMC."""
    from astropy.coordinates import SkyCoord

    names = ["name", "mode", "ra", "dec"]
    ident = pd.read_csv(real_data / "ogle_lmc_cepheids" / "ident.dat", sep=r"\s+", usecols=range(4), names=names)
    sky = SkyCoord(ident.ra, ident.dec, unit=("hourangle", "deg"))
    columns = {HEALPIX_COLUMN: compute_spatial_index(sky.ra.deg, sky.dec.deg), "ra": sky.ra.deg, "dec": sky.dec.deg}
    table = pa.table(columns | {"mode": ident["mode"]})
    return table.sort_by(HEALPIX_COLUMN)


def test_ogle_names_the_cepheids_of_eros2(real_data, lake):
    """536 of EROS-2's stars are OGLE Cepheids: EROS-2 calls 453 of them so, and 65, of too short a period, RR."""
    assert ingest("eros2", [real_data / "eros2_lmc"], lake, "eros2").rows == 2912
    found = transfer_labels(lake["eros2"], put(lake, "ogle", cepheids(real_data)), label="mode").to_arrow()
    separation = found.column("separation_arcsec").to_numpy()
    print(f"{found.num_rows} stars, median {np.median(separation):.3f} arcsec")
    assert found.num_rows == 536
    assert np.median(separation) < 0.35
    assert min(found.column("n_observations").to_pylist()) >= 50
    rows = found.to_pandas()
    counts = rows.label.value_counts().to_dict()
    assert counts == {"2": 453, "3": 65, "1": 18}
    called_rr = rows[rows.label == "3"]
    assert (called_rr.period / called_rr.div_period).median() < 1.0
    assert called_rr.magnitude_r.median() < 17.5  # an RR Lyrae star of the LMC has 19

"""OGLE's Cepheids and RR Lyrae stars put onto EROS-2's light curves of the same sky."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from skies import put

from lcscale.ingest import ingest
from lcscale.lake import HEALPIX_COLUMN
from lcscale.models import Classify, Split, read_card
from lcscale.models.labels.splitting import TEST, assign
from lcscale.periods import Search
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


def ogle_classes(real_data):
    """OGLE's Cepheids and RRab stars of the LMC, with EROS-2's number of their class."""
    path = real_data / "ogle_lmc_rrlyrae" / "parameters.txt.gz"
    rows = pd.read_csv(path, sep="\t", skiprows=7, header=None, usecols=[2, 3])
    ra, dec = rows[2].to_numpy(), rows[3].to_numpy()
    table = pa.table({HEALPIX_COLUMN: compute_spatial_index(ra, dec), "ra": ra, "dec": dec, "ogle": ["3"] * len(rows)})
    pulsating = cepheids(real_data).drop_columns("mode")
    both = pa.concat_tables([table, pulsating.append_column("ogle", pa.array(["2"] * pulsating.num_rows))])
    return both.sort_by(HEALPIX_COLUMN)


def test_where_the_network_and_eros2_differ_ogle_is_with_the_network(real_data, lake):
    """EROS-2's classes and periods are those of another classifier; OGLE's are of many more and better observations."""
    ingest("eros2", [real_data / "eros2_lmc"], lake, "eros2", progress=False)
    known = transfer_labels(lake["eros2"], put(lake, "ogle", ogle_classes(real_data)), label="ogle")
    split = Split(**read_card("general").data["split"])
    table = known.to_arrow()
    unseen = table.filter(pa.array(assign(table.column(HEALPIX_COLUMN).to_numpy(), split) == TEST))
    rows = Classify("general")(Search()(unseen)).to_pandas()
    named = {"RR": "3", "DC": "2", "T2": "2", "AC": "2"}  # of RRab, RRc, RRd; DCEP_F, DCEP_1O; T2CEP; ACEP
    found = rows["class"].str[:2].map(named)
    ours, theirs = (found == rows.ogle).mean(), (rows.label == rows.ogle).mean()
    print(
        f"{len(rows)} stars on sky not trained on: OGLE's class has the network in {ours:.3f}, EROS-2 in {theirs:.3f}"
    )
    assert len(rows) > 200
    assert ours >= 0.95
    assert ours > theirs
    differ = rows[found != rows.label]
    right = found[differ.index] == differ.ogle
    print(f"of {len(differ)} that differ the network is right in {right.sum()}")
    assert right.mean() > 0.6

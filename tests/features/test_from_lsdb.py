"""The README's way from an LSDB catalog to features and back."""

import lsdb
import numpy as np

import lcscale as lc


def test_lsdb_catalog_to_features_and_back(lake, sky):
    stars = lsdb.open_catalog(lake.root / "sky")

    catalog = lc.open_catalog(str(stars.hc_structure.catalog_path))
    table = catalog.map(lc.features.Extract(("amplitude", "stetson_k"))).without("lightcurve")
    features = table.to_lsdb()

    bright = features.query("amplitude > 0.15").compute()
    assert {"object_id", "amplitude", "amplitude_r", "stetson_k"} <= set(features.columns)
    amplitude = np.array(table.to_arrow()["amplitude"].to_numpy(), float)
    assert len(bright) == np.sum(amplitude > 0.15) > 0

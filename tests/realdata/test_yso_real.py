"""YSO candidates of real surveys: what the shipped model says of stars it had not seen, and its card."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from lcscale.ingest import Partitioning, ingest
from lcscale.lake import Lake
from lcscale.models.keeping.registry import find_folder, read_judgement
from lcscale.models.trees.tabular import SHIPPED, read_tabular_card
from lcscale.products import join_surveys, yso_candidates
from lcscale.products.yso import CLASSES, count_candidates, map_classes

pytestmark = pytest.mark.realdata

SURVEYS = {
    "gaia": ("gaia", "RA_ICRS_gaia", "DE_ICRS_gaia", "Source_gaia"),
    "twomass": ("2mass", "RAJ2000_2mass", "DEJ2000_2mass", "_2MASS_2mass"),
    "allwise": ("allwise", "RAJ2000_allwise", "DEJ2000_allwise", "AllWISE_allwise"),
}


@pytest.fixture(scope="module")
def candidates(real_data, tmp_path_factory):
    """Every Gaia source of the sample in three surveys, ingested, joined, classified; with its literature class."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    for name, (file, ra, dec, key) in SURVEYS.items():
        path = real_data / "gaia_2mass_allwise" / f"{file}.parquet"
        ingest("table", path, lake, name, progress=False, ra=ra, dec=dec, id=key, partitioning=Partitioning(rows=1000))
    ingest("table", real_data / "yso" / "spicy.parquet", lake, "spicy", progress=False, ra="RAdeg", dec="DEdeg")
    joined = join_surveys(lake["gaia"], lake["twomass"], lake["allwise"], gaia_epoch=2016.0)
    record = yso_candidates(joined, known={"spicy": lake["spicy"]}).write("yso_candidates", lake=lake, engine="serial")
    assert record.done
    assert not record.quarantined
    table = lake["yso_candidates"].to_arrow().to_pandas().drop_duplicates("source_id").set_index("source_id")
    classified = pq.read_table(real_data / "gaia_2mass_allwise" / "classified.parquet").to_pandas()
    classified["source_id"] = classified.Gaia.str.extract(r"(\d+)$")[0].astype("Int64")
    classified = classified.dropna(subset="source_id").drop_duplicates("source_id").set_index("source_id")
    table["truth"] = pd.Series(map_classes(classified.Class, "yang2022"), classified.index)
    return lake, table


def f1(truth: pd.Series, given: pd.Series, name: str) -> float:
    both = ((truth == name) & (given == name)).sum()
    return 2 * both / ((truth == name).sum() + (given == name).sum())


def test_labelled_stars_are_found_again_by_trees_that_had_not_seen_them(candidates):
    _, table = candidates
    known = table[table.truth.notna() & table["class"].notna()]
    assert len(known) > 1000
    assert known.in_training.all()
    figures = {name: f1(known.truth, known["class"], name) for name in ("extragalactic", "main_sequence", "YSO")}
    print({name: round(value, 3) for name, value in figures.items()}, len(known))
    assert figures["extragalactic"] > 0.95
    assert figures["main_sequence"] > 0.83
    assert figures["YSO"] > 0.88


def test_both_branches_and_r(candidates):
    """LY where all of W3 and W4 is real is the better branch; bright detections are real, faint ones are not sure."""
    _, table = candidates
    both = table[table.truth.notna() & table.LY.notna() & table.SY.notna()]
    right = {name: ((both[name] > 0.5) == (both.truth == "YSO")).mean() for name in ("SY", "LY")}
    print({name: round(value, 3) for name, value in right.items()}, len(both))
    assert right["LY"] > 0.95
    assert right["LY"] >= right["SY"] - 0.005
    assert (table.branch == "both").sum() > 900
    assert table.R.between(0, 1)[table.R.notna()].all()


def test_the_rest_of_the_sample_is_classified_too(candidates):
    lake, table = candidates
    rest = table[~table.in_training]
    assert len(rest) > 1200
    assert rest["class"].notna().mean() > 0.95
    assert rest.reason[rest["class"].isna()].eq("too few measurements").all()
    counts = count_candidates(lake["yso_candidates"])
    assert counts.problems["w3 impossible magnitude"] == 4
    spicy = table[table.known_yso.notna()]
    assert (spicy["class"] == "YSO").mean() > 0.7


def test_the_card_tells_the_cross_validated_figures():
    card = read_tabular_card("yso")
    assert card.trained_on == "mixed"
    assert card.metrics["R_w3"]["real"]["accuracy"] >= 0.95
    assert card.metrics["R_w4"]["real"]["accuracy"] >= 0.90
    for branch, least in (("SY", 0.90), ("LY", 0.93)):
        figures = card.metrics[branch]["real: gaia_2mass_allwise"]
        assert all(figures["per_class"][name]["f1"] > 0.84 for name in CLASSES if figures["per_class"][name]["n"])
        assert figures["per_class"]["YSO"]["f1"] >= least
    assert card.data["catalogs"]["simulated"]["real"] is False
    for part in card.parts.values():
        for pattern in part.patterns:
            assert np.isfinite(pattern.temperature)
            assert pattern.features


def test_every_number_of_the_evolved_class_from_real_stars_stands_apart():
    """No real evolved star has all of Gaia, 2MASS and WISE: the card says where simulated ones stand in for them."""
    patterns = {pattern.name: pattern.counts for pattern in read_tabular_card("yso").parts["SY"].patterns}
    assert patterns["any"]["evolved"] > 4000
    assert "evolved" not in patterns["whole"]
    assert patterns["whole"]["simulated evolved"] > 1000


def test_the_bars_of_the_card():
    """What `jobs/judge_models.py` found of the shipped model; a model that is worse is not shipped."""
    judged = read_judgement(find_folder("yso", SHIPPED))
    bars = {row["what"].split(" (")[0]: row for row in judged["bars"]}
    assert bars["F1 for YSO, refit by sky"]["value"] >= 0.89
    assert bars["F1 for YSO at the catalog's own shares"]["value"] >= 0.92
    assert bars["accuracy at the catalog's own shares"]["value"] >= 0.975
    assert bars["others called YSO, WISE hidden"]["value"] <= 0.03
    rare = bars["average precision at 1 % prevalence, ztf_yso left out, all with its bands"]
    assert rare["value"] >= 0.45

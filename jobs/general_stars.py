"""What the model `general` is trained on: labelled stars of several surveys, and stars made of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from made_stars import COLUMNS, constant, seen_few_times

from lcscale import Lake
from lcscale.lightcurves.cleaning import is_none
from lcscale.models import LabelledCurves
from lcscale.models.labels.curves import SIMULATED
from lcscale.models.labels.roles import ROLES
from lcscale.models.labels.taxonomy import map_labels
from lcscale.periods import Search
from lcscale.products import transfer_labels

CATALOGS = {"crts_north": "crts", "crts_south": "crts", "eros2_lmc": "eros2", "gaia_dr3_epochs": "gaia"}
CATALOGS |= {"ogle_lmc_cepheids": "ogle", "stripe_82": None, "stripe_82_griz": None, "pan_starrs": None}
"""Names of catalogs with labelled light curves, and whose class names their labels are; None: our own."""
TYPES = {"gaia_dr3_epochs": {"gaia_vari_label": "gaia", "ogle_subtype": "ogle", "lit_label": "gaia"}}
"""Columns with types that Gaia, OGLE or the literature knows, and whose names they are: the last that knows a star
counts in place of the survey's group. EROS-2's stars have the types of OGLE's stars at their places."""
MERGED = {"BLAZHKO": "RRab", "PCEB": "EA", "DCEP_2O": "DCEP", "DCEP_MULTI": "DCEP", "HUMP": None, "MISC": None}
MERGED |= {"MIRA": "LPV", "SR": "LPV", "OSARG": "LPV"}
"""Labels too rare to be classes of their own, and what they count as; None: of no class."""
MADE = {"pan_starrs": (), "stripe_82_griz": (seen_few_times, seen_few_times)}
"""What is made of the stars of these catalogs, where it is not one of each kind."""
MODELS_OF = ("stripe_82_griz",)
"""Catalogs of which only the stars that are made are taught: `stripe_82` has the same ones."""
THINNED = {"ogle_lmc_cepheids": 4}
"""Of these catalogs every nth star is taken, lest one class of one galaxy be most of what is learnt."""


def gather(lake: Lake, with_made: bool = True, with_types: bool = True) -> LabelledCurves:
    """The labelled stars of all catalogs that the lake has, and what is made of them, called simulated.

    Without made stars the only constant ones are Pan-STARRS1's; without types, labels are those of the surveys alone.
    """
    parts = []
    for n, name in enumerate(CATALOGS):
        if name not in lake.names():
            print(f"{name} is not in the lake: left out")
            continue
        stars = real_stars(lake, name, with_types)
        makers = MADE.get(name, (constant, seen_few_times)) if with_made else ()
        made = [make(stars, 10 * n + k) for k, make in enumerate(makers)]
        print(f"{name}: {len(stars)} labelled stars; made of them: {', '.join(map(str, map(len, made))) or 'none'}")
        parts += [] if name in MODELS_OF else [stars.as_survey(name, ROLES)]
        parts += [each.as_survey(SIMULATED, ROLES) for each in made]
    return LabelledCurves.concatenate(parts)


def real_stars(lake: Lake, name: str, with_types: bool) -> LabelledCurves:
    """The stars of a catalog with periods that the search finds, and names of the taxonomy as labels."""
    found = lake[name].join(lake[f"{name}_periods"]) if f"{name}_periods" in lake else lake[name].map(Search())
    types = {}
    if with_types and name == "eros2_lmc" and "ogle_lmc_types" in lake.names():
        matches = transfer_labels(lake[name], lake["ogle_lmc_types"], label="type", min_observations=1).to_arrow()
        types = dict(zip(*(matches.column(each).to_pylist() for each in ("object_id", "type")), strict=True))
    columns = TYPES.get(name, {}) if with_types else {}
    tables = [labelled(table, CATALOGS[name], columns, types) for table in found.to_batches()]
    stars = LabelledCurves.from_tables(tables, columns=COLUMNS)
    stars = stars.take(stars.lcs.counts > 0)
    return stars.take(np.arange(0, len(stars), THINNED.get(name, 1)))


def labelled(table: pa.Table, survey: str | None, columns: Mapping[str, str], types: Mapping[str, str]) -> pa.Table:
    """The rows with names of the taxonomy as `label`: the star's type where it is known, else the survey's class."""
    words = [(table.column("label"), survey)] + [(table.column(column), whose) for column, whose in columns.items()]
    words += [(pa.array(list(map(types.get, table.column("object_id").to_pylist()))), "ogle")] if types else []
    label = np.full(len(table), None, object)
    for column, whose in words:
        known = map_labels(np.array(column.to_pylist(), object), whose)
        label = np.where(is_none(known), label, known)
    label = [MERGED.get(each, each) or "" for each in label]
    return table.set_column(table.column_names.index("label"), "label", pa.array(label, pa.string()))

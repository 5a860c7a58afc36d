"""Every column of ours, collected from the rooms that declare them: what `lcscale columns` prints."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from lcscale.crossmatch import naming
from lcscale.errors import InputError
from lcscale.features import columns as features
from lcscale.lightcurves import columns as lightcurves
from lcscale.lightcurves import field_offsets
from lcscale.lightcurves.wesenheit import WESENHEIT
from lcscale.models.heads import columns as models
from lcscale.periods import columns as periods
from lcscale.products import class_period, context, observations, outburst_columns, published
from lcscale.products.alerts import STATISTICS
from lcscale.products.completeness import columns as completeness
from lcscale.products.counterparts import OF_DEFINITION
from lcscale.products.rrlyrae import columns as rrlyrae
from lcscale.products.yso import columns as yso
from lcscale.surveys import gaia_alert_curves
from lcscale.surveys.planck import MAP_VALUE
from lcscale.vocabulary import DEC, HEALPIX, NAME, RA, Column

COLUMNS: tuple[Column, ...] = (
    HEALPIX,
    RA,
    DEC,
    Column("object_id", pa.string(), "", "meta.id;meta.main", "Name of the object in its survey; a number in some."),
    NAME,
    Column("label", pa.string(), "", "src.class", "Class that the survey or a list gave."),
    *lightcurves.COLUMNS,
    *field_offsets.COLUMNS,
    gaia_alert_curves.REASON,
    *naming.COLUMNS,
    *naming.AGAIN,
    *observations.COLUMNS,
    *periods.COLUMNS,
    *periods.GIVEN,
    *features.COLUMNS,
    WESENHEIT,
    *context.COLUMNS,
    *models.COLUMNS,
    *class_period.COLUMNS,
    *outburst_columns.COLUMNS,
    *completeness.COLUMNS,
    published.AT_PREVALENCE,
    OF_DEFINITION,
    *STATISTICS,
    *map(yso.measurement, yso.quantities()),
    yso.PROBLEMS,
    *yso.CLASSIFIED,
    *yso.AGREEMENT,
    *rrlyrae.COLUMNS,
    MAP_VALUE,
)
"""In the order in which the pipeline makes them; one name stands several times where several rooms use it."""


def columns_named(names: Iterable[str]) -> list[Column]:
    """The columns of these names, as a catalog or the table has them; all for no name.

    Raises
    ------
    InputError
        A name is that of no column of ours.

    Examples
    --------
    >>> [(column.name, column.maker) for column in columns_named(["epoch", "prob_RRab", "amplitude_V"])]
    [('epoch', 'lcscale.periods'), ('prob_<class>', 'lcscale.models'), ('amplitude_<band>', 'lcscale.features')]
    """
    asked = list(names)
    found = {name: _declared(name) for name in asked}
    unknown = [name for name, columns in found.items() if not columns]
    if unknown:
        raise InputError(
            f"no column of lcscale is named {', '.join(unknown)}: release files and users bring all others; "
            "lcscale columns prints those there are"
        )
    return [column for columns in found.values() for column in columns] if asked else list(COLUMNS)


def _declared(name: str) -> list[Column]:
    """Columns of this name; for one that none is named so, what it is the copy of for a further band."""
    others = [column for column in COLUMNS if column is not MAP_VALUE]
    exact = [column for column in others if column.name == name]
    return exact or [column for column in (*others, *features.OF_FURTHER_BANDS) if column.names(name)]

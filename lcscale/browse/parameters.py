"""Parameters that requests share: the catalog, the rows wanted, their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from fastapi import Depends, Query, Request

from lcscale.browse.opened import Opened, Workplace
from lcscale.browse.rows import Bools, Selection
from lcscale.errors import InputError
from lcscale.lake import Cone

CONDITION = 4000
MOST_ROWS = 1000


def workplace_of(request: Request) -> Workplace:
    """What the server works on."""
    found: Workplace = request.app.state.workplace
    return found


Place = Annotated[Workplace, Depends(workplace_of)]


def opened_of(place: Place, catalog: Annotated[str, Query(max_length=200, description="Name of a catalog.")]) -> Opened:
    """The catalog that a request names; names that are not in the lake are refused there."""
    return place.open(catalog)


Catalogued = Annotated[Opened, Depends(opened_of)]


def row_of(
    opened: Catalogued,
    row: Annotated[int | None, Query(ge=0, le=1 << 40, description="Number of the row in this version.")] = None,
    object_id: Annotated[
        str | None, Query(max_length=200, description="Name of the object, instead of its row.")
    ] = None,
) -> tuple[int, dict[str, Any]]:
    """Number and content of the row that a request names."""
    if row is None and object_id is None:
        raise InputError("name the object: row=… or object_id=…")
    number = row if row is not None else opened.number_of(str(object_id))
    return number, opened.row(number)


OneRow = Annotated[tuple[int, dict[str, Any]], Depends(row_of)]


@dataclass(frozen=True)
class Wanted:
    """Rows that a request wants."""

    opened: Opened
    """The catalog."""
    selection: Selection
    """Conditions, classes, region."""
    hidden: npt.NDArray[np.int64]
    """Rows left out, as they are judged."""

    def mask(self, without_classes: bool = False) -> Bools | None:
        """bool [n_rows]; None: all."""
        chosen = self.selection
        if without_classes:
            chosen = Selection(chosen.where, (), chosen.cone)
        found = self.opened.rows.mask(chosen)
        if not self.hidden.size:
            return found
        found = np.ones(len(self.opened.rows), np.bool_) if found is None else found
        found[self.hidden] = False
        return found


def wanted_of(
    opened: Catalogued,
    place: Place,
    where: Annotated[
        list[Annotated[str, Query(max_length=CONDITION)]] | None,
        Query(max_length=32, description="Conditions that all have to hold, such as: period between 0.2 and 1."),
    ] = None,
    of_class: Annotated[
        list[Annotated[str, Query(max_length=100)]] | None,
        Query(alias="class", max_length=200, description="Classes of which a row is to be one."),
    ] = None,
    cone: Annotated[
        str | None, Query(max_length=100, description="Right ascension, declination (degrees), radius (arcsec).")
    ] = None,
    hide: Annotated[
        str | None, Query(max_length=64, description="Leave out the rows that these labels speak of.")
    ] = None,
) -> Wanted:
    """The rows that a request wants."""
    conditions = tuple(text for text in where or () if text.strip())
    selection = Selection(conditions, tuple(of_class or ()), None if not cone else _cone(cone))
    hidden = opened.judged_rows(place.judgements(hide)[1]) if hide else np.empty(0, np.int64)
    return Wanted(opened, selection, hidden)


Chosen = Annotated[Wanted, Depends(wanted_of)]


def _cone(text: str) -> Cone:
    try:
        ra, dec, radius = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"cone is RA,DEC,RADIUS in degrees and arcseconds, not {text!r}") from error
    return Cone(ra, dec, radius)


Sort = Annotated[str | None, Query(max_length=200, description="Column, or 'next to judge'; none: order of the sky.")]
Descending = Annotated[bool, Query(description="From the largest down.")]
Columns = Annotated[
    list[Annotated[str, Query(max_length=200)]] | None, Query(max_length=500, description="Columns; none: all.")
]
Format = Annotated[str, Query(pattern="^(json|arrow)$", description="json or arrow.")]

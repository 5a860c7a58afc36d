"""The models whose results stand in a lake: their folders and cards."""

from __future__ import annotations

import os
from collections.abc import Sequence

from lcscale.models import read_card, shipped
from lcscale.models.keeping.card import Card


def find_model(model_id: str, folders: Sequence[str | os.PathLike[str]] = ()) -> str | None:
    """Folder or name of the model with this id, among `folders` and the shipped ones; None where it is not there."""
    places = (*(os.fspath(folder) for folder in folders), *shipped())
    return next((place for place in places if read_card(place).id == model_id), None)


def find_card(model_id: str, folders: Sequence[str | os.PathLike[str]] = ()) -> Card | None:
    """The card of the model that `find_model` finds."""
    place = find_model(model_id, folders)
    return None if place is None else read_card(place)

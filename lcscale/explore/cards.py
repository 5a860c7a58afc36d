"""The cards of the models whose results stand in a lake."""

from __future__ import annotations

import os
from collections.abc import Sequence

from lcscale.models import read_card, shipped
from lcscale.models.card import Card


def find_card(model_id: str, folders: Sequence[str | os.PathLike[str]] = ()) -> Card | None:
    """The card of the model with this id, among `folders` and the shipped models; None where it is not there."""
    for place in (*folders, *shipped()):
        card = read_card(os.fspath(place))
        if card.id == model_id:
            return card
    return None

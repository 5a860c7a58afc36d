"""Why a version is another than the one before: which of its inputs, models, steps or code differ."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lcscale.lake.inputs import CODE, CROSSMATCH, JOIN, MODELS, STEPS, Input, from_properties


def causes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What differs in the properties of two versions, in words; nothing where these tell of no difference.

    Parameters
    ----------
    before, after
        Their properties; see `lcscale.lake.inputs`.
    """
    found = _of_inputs(from_properties(before), from_properties(after))
    old, new = _told(before, MODELS), _told(after, MODELS)
    found += [f"model {name} is {new[name]}, was {old[name]}" for name in new if name in old and new[name] != old[name]]
    found += [f"model {name} instead of {', '.join(old)}" for name in new if old and name not in old]
    if before.get(STEPS) != after.get(STEPS):
        found.append("other steps")
    if not found:
        old, new = _told(before, CODE), _told(after, CODE)
        found = [f"{name} is {new[name]}, was {old[name]}" for name in new if name in old and new[name] != old[name]]
    return found


def _of_inputs(before: list[Input], after: list[Input]) -> list[str]:
    """Which inputs are of another version, or new, or gone."""
    old = {(each.role, each.url or each.name): each for each in before}
    new = {(each.role, each.url or each.name): each for each in after}
    found = []
    for key, each in new.items():
        if key not in old:
            found.append(f"{each.url or each.name} is new")
        elif old[key].version != each.version:
            right = " (right-hand catalog)" if each.role in (CROSSMATCH, JOIN) else ""
            found.append(f"{each.name}{right} is {each.version}, was {old[key].version}")
    found += [f"{each.url or each.name} is no more" for key, each in old.items() if key not in new]
    return list(dict.fromkeys(found))


def _told(properties: Mapping[str, str], key: str) -> dict[str, str]:
    return dict(json.loads(properties.get(key, "{}")))

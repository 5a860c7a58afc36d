"""What a job would replace: a version's inputs, models and steps, as its properties tell them, beside those planned.

The same inputs in newer versions, newer code, other columns, conditions and steps of the user's own make a new version
of the same result. Other inputs, models, or steps of ours and their settings (`Step.settings`) make another one, which
takes the place of the one before only where that is asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from upath import UPath

from lcscale.errors import ConflictError
from lcscale.lake.inputs import CODE, INPUTS, LIGHT_CURVES, MODELS, STEPS, Input, from_properties
from lcscale.lake.properties import own_properties

_OURS = "lcscale"


def check_replaced(entry: UPath, current: str, planned: Mapping[str, str]) -> None:
    """`ConflictError` where the `current` version of `entry` holds another result than the one `planned`.

    Parameters
    ----------
    entry
        Folder of the lake entry.
    current
        Name of its version.
    planned
        Properties of the result: `lcscale.lake.view.View.properties_of_result`.
    """
    found = differences(properties_at(entry / current), planned)
    if found:
        raise ConflictError(
            f"{entry.name} holds another result ({current}), which this would replace: {'; '.join(found)}. "
            "Say that it may (--replace, in Python replace=True), or choose another name"
        )


def properties_at(folder: UPath) -> dict[str, str]:
    """All entries of ``hats.properties`` of the version at `folder`; none where they cannot be read."""
    try:
        return own_properties(folder)
    except (OSError, ValueError):
        return {}


def differences(held: Mapping[str, str], planned: Mapping[str, str]) -> list[str]:
    """In what the result that is `held` is another one than that `planned`, in words; nothing where it is the same.

    Versions that lcscale 0.1 wrote tell nothing: they count as the same.
    """
    if not held:
        return []
    if INPUTS not in held:
        if CODE in held or not held.get("hats_builder", _OURS).startswith(_OURS):
            return [f"it was ingested ({held.get('lcscale_survey', 'by others')}), and made from no catalog"]
        return []
    found = [
        _unlike("made from", _inputs(held), _inputs(planned)),
        _unlike("with the model", _models(held), _models(planned)),
        "" if _tells_no_settings(held, planned) else _unlike("by", _makers(held), _makers(planned)),
    ]
    return [text for text in found if text]


def _unlike(what: str, held: list[str], planned: list[str]) -> str:
    if sorted(held) == sorted(planned):
        return ""
    return f"{what} {', '.join(held) or 'none'}, now {', '.join(planned) or 'none'}"


def _inputs(properties: Mapping[str, str]) -> list[str]:
    """Catalogs by their roles, of whatever versions; light curves are those of the rows."""
    told = [each for each in from_properties(properties) if each.role != LIGHT_CURVES]
    return list(dict.fromkeys(f"{_place(each) if each.url else each.name} ({each.role})" for each in told))


def _place(told: Input) -> str:
    """Where a catalog of elsewhere lies, whatever its version."""
    return re.sub(r"/v\d+-[0-9a-f]+/?$", "", told.url)


def _models(properties: Mapping[str, str]) -> list[str]:
    return [f"{model} {each}" for model, each in json.loads(properties.get(MODELS, "{}")).items()]


def _makers(properties: Mapping[str, str]) -> list[str]:
    """The steps for which something can be chosen, with what was; not conditions and steps of the user's own."""
    steps = [step for step in json.loads(properties.get(STEPS, "[]")) if "settings" in step]
    return [f"{step['step']}({_told(step['settings'])})" for step in steps]


def _tells_no_settings(held: Mapping[str, str], planned: Mapping[str, str]) -> bool:
    """Whether `held` was written by the same steps, before settings were told."""
    steps = [json.loads(each.get(STEPS, "[]")) for each in (held, planned)]
    names = [[step["step"] for step in each if step["step"] != "Select"] for each in steps]
    return names[0] == names[1] and not any("settings" in step for step in steps[0])


def _told(settings: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())

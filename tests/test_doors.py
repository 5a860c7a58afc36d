"""What public functions are told is typed: no parameter of theirs is anything at all."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

import lcscale

ANYTHING = re.compile(r"^(typing\.)?Any$|^Any \||\| Any$|\| Any \|")


def doors(room):
    """The public functions of a room, and the public methods of its public classes, each with its name."""
    module = importlib.import_module(f"lcscale.{room}" if room else "lcscale")
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    for name in getattr(module, "__all__", [name for name in own if not name.startswith("_")]):
        if name in lcscale._ROOMS or (room, name) == ("crossmatch", "LSDBCrossmatch"):  # whose doors are LSDB's
            continue
        value = getattr(module, name)
        if inspect.isclass(value):
            public = [each for each in dir(value) if not each.startswith("_") or each == "__init__"]
            yield from ((f"{name}.{each}", getattr(value, each)) for each in public)
        else:
            yield name, value


@pytest.mark.parametrize("room", ["", *lcscale._ROOMS])
def test_no_parameter_is_anything_at_all(room):
    wrong, seen = [], 0
    for name, value in doors(room):
        function = inspect.unwrap(getattr(value, "__func__", value))
        if not inspect.isfunction(function) or not function.__module__.startswith("lcscale"):
            continue
        seen += 1
        parameters = list(inspect.signature(function).parameters.values())
        untyped = [each for each in parameters[1:] if each.annotation is inspect.Parameter.empty]
        wrong += [f"{name}: {each.name} has no type" for each in untyped if not name.endswith("__")]
        wrong += [f"{name}: {each}" for each in parameters if ANYTHING.search(str(each.annotation))]
    assert wrong == []
    assert seen or room == "errors"

"""What the columns mean: `lcscale columns`."""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer


def columns(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Columns; all without a name.")] = None,
) -> None:
    """Say what the columns of lcscale's catalogs mean: type, unit, UCD, meaning, and the room that makes them."""
    from lcscale.columns import columns_named

    print(f"{'column':28s} {'type':8s} {'unit':8s} {'UCD':38s} made by")
    for each in columns_named(names or ()):
        made_by = each.maker or "the release files"
        print(f"{each.name:28s} {each.type!s:8s} {each.unit:8s} {each.ucd:38s} {made_by}")
        print(textwrap.fill(each.about, 116, initial_indent="    ", subsequent_indent="    "))

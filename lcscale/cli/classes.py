"""`lcscale classes`: a page for each class of a judged model."""

from __future__ import annotations

from typing import Annotated

import typer


def classes(
    models: Annotated[list[str], typer.Argument(help="Names of shipped models, or folders.", show_default=False)],
    output: Annotated[
        str | None,
        typer.Option(help="Folder to write; of several models one folder each in it.", show_default="MODEL_classes"),
    ] = None,
) -> None:
    """Write a page for each class of a judged model: light curves, limits, recall by survey, confusions."""
    from pathlib import Path

    from lcscale.explore.classes import write_classes

    for model in models:
        name = Path(model).name
        folder = f"{name}_classes" if output is None else output if len(models) == 1 else f"{output}/{name}"
        print(write_classes(model, folder))

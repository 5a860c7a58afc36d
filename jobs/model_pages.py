"""Write what the cards say of the models that the package ships: pages of their classes, tables of the documents.

    python jobs/model_pages.py FOLDER [MODEL …] [--docs FILE] [--picture PNG] [--readme README]

FOLDER gets a folder a model. FILE is Markdown with lines ``<!-- classes: MODEL -->`` and ``<!-- end -->``, README one
with ``<!-- judged: all -->``, PNG gets one simulated star of each class. The figures are those that
`judge_models.py --card` put into the cards.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from judge_models import MODELS, put_into

from lcscale.explore.class_curves import write_sheet
from lcscale.explore.class_figures import judged_model
from lcscale.explore.classes import classes_as_markdown, write_classes
from lcscale.explore.how_good import how_good
from lcscale.explore.judging import table_as_markdown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--readme", type=Path)
    given = parser.parse_args()
    for name in given.models:
        print(write_classes(name, given.folder / name))
        if given.docs:
            put_into(given.docs, name, classes_as_markdown(name), "classes")
    if given.readme:
        put_into(given.readme, "all", f"{table_as_markdown(how_good(map(judged_model, MODELS)))}\n")
    if given.picture:
        print(write_sheet(given.picture))


if __name__ == "__main__":
    main()

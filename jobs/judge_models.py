"""Judge the models that the package ships: their own answers on stars they have not seen, each survey left out in turn.

    python jobs/judge_models.py DATA LAKE [MODEL …] [--page PAGE] [--docs FILE] [--card] [--most N]

DATA is the folder of public labelled data, LAKE that which `models_lake.py` makes of it; PAGE is HTML, FILE Markdown
with lines ``<!-- judged: MODEL -->`` and ``<!-- end -->`` for the tables. With --card cards have them too; ids stay.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import alert_curves
import train_demo_model
import train_general_model
import train_yso_model
import train_ztf_model

from lcscale import Lake
from lcscale.explore.judging import as_markdown, write_judging_report
from lcscale.models import load
from lcscale.models.judging.bench import JudgingOptions, judge
from lcscale.models.judging.shares import label_shares
from lcscale.models.keeping.registry import SHIPPED, find_folder, read_judgement, write_judgement
from lcscale.models.trees import tabular
from lcscale.products.yso.judging import judge_yso

MODELS = ("general", "yso", "ztf", "alerts", "demo")


def judged(name: str, data: Path, lake: str, most: int | None) -> dict[str, Any]:
    """What the bench finds of a model on the stars that its training job gathers."""
    if name == "yso":
        return judge_yso(tabular.load_tabular(name), train_yso_model.tables(data), "yang2022")
    gather = {
        "alerts": lambda: alert_curves.gather(f"{lake}/gaia_dr3_epochs", data / "ztf_alerts_yso/light_curves.csv.gz"),
        "demo": train_demo_model.simulated_stars,
        "general": lambda: train_general_model.gather(Lake(lake), with_made=False),
        "ztf": lambda: train_ztf_model.gather(Lake(lake)),
    }
    curves, large = gather[name](), name == "general"
    shares = {"crts_south": label_shares(Lake(lake)["crts_south"], "crts")} if large else {}
    return judge(load(name), curves, JudgingOptions(most=most, min_class_size=50 if large else 1, shares=shares))


def put_into(path: Path, name: str, table: str, what: str = "judged") -> None:
    before, mark, after = path.read_text("utf-8").partition(f"<!-- {what}: {name} -->\n")
    if not mark:
        raise SystemExit(f"{path} has no line <!-- {what}: {name} -->")
    path.write_text(f"{before}{mark}{table}<!-- end -->{after.partition('<!-- end -->')[2]}", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("lake")
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--page")
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--card", action="store_true")
    parser.add_argument("--most", type=int, help="stars of a survey in refits at most")
    given = parser.parse_args()
    folders = {name: find_folder(name, tabular.SHIPPED if name == "yso" else SHIPPED) for name in MODELS}
    found = {name: read_judgement(folder) for name, folder in folders.items()}
    for name in given.models:
        found[name] = judged(name, given.data, given.lake, given.most)
        print(f"{name}\n\n{as_markdown(found[name])}", flush=True)
        if given.card:
            write_judgement(folders[name], found[name])
        if given.docs:
            put_into(given.docs, name, as_markdown(found[name]))
    if given.page:
        print(write_judging_report(found, given.page))


if __name__ == "__main__":
    main()

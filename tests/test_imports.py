"""Who may import whom (README, "How it is built"), and how quick `import lcscale` is."""

from __future__ import annotations

import ast
import graphlib
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import lcscale
from lcscale.models.moved import MOVED as MODELS_MOVED

ROOT = Path(lcscale.__file__).parent
GROUND = {"errors", "units", "arrays", "nested", "vocabulary", "kernels"}
BELOW = {
    "errors": set(),
    "units": {"errors"},
    "vocabulary": {"errors"},
    "arrays": {"errors", "units"},
    "kernels": {"errors"},
    "nested": set(),
    "expressions": {"errors"},
    "steps": {"errors", "vocabulary", "expressions"},
    "lightcurves": GROUND | {"expressions", "steps"},
    "crossmatch": GROUND | {"expressions", "lightcurves"},
    "periods": GROUND | {"expressions", "steps", "lightcurves"},
    "images": GROUND | {"lightcurves"},
    "features": GROUND | {"expressions", "steps", "lightcurves", "periods"},
    "simulation": GROUND | {"lightcurves"},
    "surveys": GROUND | {"expressions", "steps", "lightcurves", "simulation"},
}
BELOW["engine"] = set(BELOW)
BELOW["lake"] = set(BELOW)
BELOW["models"] = BELOW["lake"] | {"lake"}
BELOW["ingest"] = BELOW["lake"] | {"lake"}
BELOW["products"] = BELOW["lake"] | {"lake", "models", "ingest"}
BELOW["refresh"] = BELOW["products"] | {"products"}
BELOW["columns"] = BELOW["products"] | {"products"}
BELOW["explore"] = BELOW["refresh"] | {"refresh", "columns"}
BELOW["demo"] = BELOW["explore"] | {"explore"}
BELOW["options"] = set()
BELOW["browse"] = BELOW["explore"] | {"explore"}
BELOW["cli"] = {"options"} | BELOW["demo"] | {"demo", "browse"}
ADAPTERS = {ROOT / "crossmatch" / "lsdb_algorithm.py"}  # to others' interfaces: only their users import them
MOVED = {ROOT / "lightcurves" / f"{name}.py" for name in ("alerts", "gaussian", "synthesis", "templates")}  # old names
EXTRAS = {"dask_cuda", "cudf", "numba_cuda", "pyspark", "lsdb", "light_curve", "fastapi", "uvicorn", "duckdb"}
HEAVY = {"torch", "healpy", "hats", "lsdb", "pyspark", "astropy", "sklearn", "matplotlib", "distributed"}


def imports(path: Path, *, top_level: bool = False, checkers: bool = True) -> set[str]:
    """Dotted names that a module imports, anywhere in it or at its top level only."""
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if not top_level else _top_level(tree)
    skipped = set() if checkers else {id(node) for node in _for_type_checkers(tree)}
    found = set()
    for node in nodes:
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _top_level(tree: ast.Module):
    return (node for node in tree.body if not _is_for_type_checkers(node))


def _for_type_checkers(tree: ast.Module):
    return (inner for node in ast.walk(tree) if _is_for_type_checkers(node) for inner in ast.walk(node))


def _is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def rooms() -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if room not in ("__init__", "__main__"):
            found.setdefault(room, []).append(path)
    return found


def test_rooms_import_downward_only():
    wrong = []
    for room, paths in rooms().items():
        allowed = BELOW[room] | {room}
        for path in set(paths) - MOVED:
            for name in imports(path):
                parts = name.split(".")
                if parts[0] == "lcscale" and len(parts) > 1 and parts[1] in BELOW and parts[1] not in allowed:
                    wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def modules() -> dict[str, set[str]]:
    """What each module imports of lcscale, anywhere in it but for type checkers: modules, not the names in them."""
    names = {".".join(path.relative_to(ROOT.parent).with_suffix("").parts): path for path in ROOT.rglob("*.py")}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    return {
        module: {name if name in names else name.rpartition(".")[0] for name in imports(path, checkers=False)}
        & names.keys() - {module}
        for module, path in names.items()
    }


def test_no_module_imports_itself_by_way_of_others():
    graphlib.TopologicalSorter(modules()).prepare()  # CycleError names a circle


def test_trees_and_networks_can_be_the_first_that_is_imported():
    """A package is imported before the modules in it: what it imports must not need them."""
    code = """
import importlib, pkgutil, sys
import lcscale.models.networks, lcscale.models.trees
packages = lcscale.models.networks, lcscale.models.trees
names = [m.name for p in packages for m in pkgutil.iter_modules(p.__path__, p.__name__ + ".")]
for name in names:
    for known in [known for known in sys.modules if known.split(".")[0] == "lcscale"]:
        del sys.modules[known]
    importlib.import_module(name)
print(len(names))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 10


def test_extras_are_never_imported_at_import_time():
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in set(ROOT.rglob("*.py")) - ADAPTERS - set(ROOT.glob("browse/*.py"))  # which only its command imports
        for name in imports(path, top_level=True)
        if name.split(".")[0] in EXTRAS
    ]
    assert wrong == []


def test_importing_lcscale_is_quick_and_loads_nothing_heavy():
    code = (
        "import time; t = time.process_time(); import lcscale; s = time.process_time() - t\n"
        f"import sys; print(s, sorted({HEAVY!r} & set(sys.modules)))"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(3)]
    seconds = min(float(run.stdout.split()[0]) for run in runs)
    assert runs[0].stdout.split(maxsplit=1)[1].strip() == "[]"
    assert seconds < 0.5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((f"lcscale.lightcurves.{name}", f"lcscale.simulation.{name}") for name in sorted(p.stem for p in MOVED)),
        ("lcscale.surveys.population", "lcscale.simulation.population"),
        *MODELS_MOVED.items(),
    ],
)
def test_modules_that_moved_are_found_under_their_old_names(old, new):
    assert importlib.import_module(old) is importlib.import_module(new)

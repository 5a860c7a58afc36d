"""What README and docs print runs: on a small lake of the demo, and on the real survey files where they are."""

from __future__ import annotations

import os
import runpy
import shlex
import sys
from pathlib import Path

import pytest
import typer
from documents import DOCUMENTS, ROOT, Command, blocks, commands, prints_alike

from lcscale import cli, demo
from lcscale.lake import Lake

DATA = Path(os.environ.get("LCSCALE_REAL_DATA", ROOT.parent / "shared" / "data"))
ENGINE = " --engine tls://127.0.0.1:8786"

NOT_RUN = {
    "make ": "installs and runs all there is",
    "dask ": "a server; tests/engine/test_cluster.py starts one",
    "lcscale browse": "a server; tests/browse starts one",
    "openssl ": "a certificate; tests/engine/test_cluster.py makes one",
    "cat env.sh": "is about that certificate",
    ". ./env.sh": "is about that certificate",
    "echo ": "shows the status of the command before",
    "timeout ": "a killed job; tests/engine/test_chaos.py kills many",
    "lcscale jobs --lake demo-lake | tail": "shows the killed job",
    "lcscale features stars --lake demo-lake --name again": "goes on with the killed job",
    "lcscale features stars --lake demo-lake --name hurt": "needs a damaged file; tests/lake/test_jobs.py damages some",
    "lcscale jobs retry hurt": "needs that damaged file",
    "python jobs/ingest.py --config ingest3.toml": "Spark; tests/ingest/test_spark.py runs it",
    "lcscale features crts_north": "minutes; tests/realdata/test_main_job.py runs the chain",
    "lcscale train crts_north": "minutes; see there",
    "lcscale classify crts_north": "needs that training",
    "lcscale report --lake lake": "needs that training",
    "lcscale published outburst.csv": "simulated alerts; tests/products/test_published.py makes some",
    "lcscale refresh ": "a user's own pipeline; tests/refresh runs many",
    "lcscale diff ": "shows that pipeline's",
    "cp photometry_2.parquet": "is part of that pipeline",
}
"""Beginnings of commands that are not run here, and why. What has … in it stands for any such command."""


def is_run(command: Command) -> bool:
    return "…" not in command.text and not command.text.startswith(tuple(NOT_RUN))


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run a command of a document in `tmp_path`; a file that it shows with `cat` is written there."""
    monkeypatch.chdir(tmp_path)

    def call(command: Command) -> str:
        text = command.text.replace("$DATA", str(DATA)).replace(ENGINE, "")
        if text.startswith("cat "):
            Path(text.split()[1]).write_text("\n".join(command.prints) + "\n", "utf-8")
            return "\n".join(command.prints)
        words = shlex.split(text)
        try:
            if words[:2] == ["python", "-c"]:
                exec(compile(words[2], command.text, "exec"), {})
            elif words[0] == "python":
                monkeypatch.setattr(sys, "argv", words[1:])
                monkeypatch.syspath_prepend(ROOT / "jobs")
                runpy.run_path(str(ROOT / words[1]), run_name="__main__")
            else:
                monkeypatch.setattr(sys, "argv", words)
                cli.main()
            status = 0
        except SystemExit as end:
            status = end.code or 0
        out, err = capsys.readouterr()
        fails = any(line.startswith("lcscale: ") for line in command.prints)
        assert bool(status) == fails, f"{text}: {out}{err}"
        return out + err

    return call


@pytest.fixture(scope="module")
def small_demo(tmp_path_factory):
    """A lake as `make demo` leaves it, of fewer stars."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "N_STARS", 80)
        demo.run_demo(Lake(folder / "demo-lake"), folder / "report.html", progress=False)
    return folder / "demo-lake"


@pytest.fixture
def demo_lake(small_demo, tmp_path):
    """That lake as `demo-lake` in the folder of the test."""
    (tmp_path / "demo-lake").symlink_to(small_demo)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_command_has_the_options_it_is_printed_with(path):
    group = typer.main.get_command(cli.app)
    for command in commands(path):
        if command.text.startswith("lcscale "):
            words = shlex.split(command.text.split(" | ")[0].replace("…", ""))
            with group.make_context("lcscale", list(words[1:2]), resilient_parsing=True) as context:
                name = group.get_command(context, words[1])
                assert name is not None, command.text
                if "…" not in command.text and words[1] != "jobs":
                    name.make_context(words[1], words[2:])


@pytest.mark.parametrize("name", ["README.md", "docs/cluster.md"])
def test_commands_run_on_the_demo_s_lake(name, run, demo_lake):
    mine = [each for each in commands(ROOT / name) if is_run(each) and "$DATA" not in each.text]
    mine = [each for each in mine if "--lake lake" not in each.text]
    assert len(mine) > 2
    for command in mine:
        run(command)


def test_snippets_of_readme_run_on_the_demo_s_lake(demo_lake, tmp_path, monkeypatch):
    pytest.importorskip("lsdb")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for text in blocks(ROOT / "README.md", "python"):
        exec(compile(text, "README.md", "exec"), names)
    assert (tmp_path / "rrab.vot").exists()


@pytest.mark.realdata
@pytest.mark.skipif(not DATA.is_dir(), reason="no real survey files: see LCSCALE_REAL_DATA")
@pytest.mark.parametrize("name", ["README.md", "docs/crossmatch.md"])
def test_commands_on_real_surveys_print_what_is_shown(name, run, tmp_path):
    mine = [
        each for each in commands(ROOT / name) if is_run(each) and ("$DATA" in each.text or "--lake lake" in each.text)
    ]
    assert len(mine) > 5
    for command in mine:
        printed = run(command)
        for line in command.prints:
            assert prints_alike(line, printed), f"{command.text}\nsays {line}\nprinted {printed}"
    snippets = blocks(ROOT / name, "python") if name != "README.md" else []
    for text in snippets:
        exec(compile(text, name, "exec"), {})

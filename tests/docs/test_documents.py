"""What README and docs print runs: on a small lake of the demo, and on the real survey files where they are."""

from __future__ import annotations

import multiprocessing
import os
import re
import runpy
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
import typer
from documents import DOCUMENTS, ROOT, Command, blocks, commands, prints_alike

from lcscale import cli, demo
from lcscale.engine.ledger import Ledger
from lcscale.lake import Lake
from lcscale.simulation.alerts import simulate_alerts
from lcscale.simulation.synthesis import synthesize

DATA = Path(os.environ.get("LCSCALE_REAL_DATA", ROOT.parent / "shared" / "data"))
ENGINE = " --engine tls://127.0.0.1:8786"

NOT_RUN = {
    "make ": "installs and runs all there is",
    "pip ": "installs",
    "dask ": "a server; tests/engine/test_cluster.py starts one",
    "lcscale browse": "a server; tests/browse starts one",
    "openssl ": "a certificate; tests/engine/test_cluster.py makes one",
    "lcscale features crts_north": "minutes; tests/realdata/test_main_job.py runs the chain of these four",
    "lcscale train crts_north": "minutes",
    "lcscale classify crts_north": "needs that training",
    "lcscale report --lake lake": "needs that training",
    "lcscale metallicity": "half a minute; tests/products/test_rrlyrae.py runs it, on real stars test_rrlyrae_real.py",
    "lcscale distances": "needs that",
    "lcscale export rrlyrae_distances": "needs that",
    "lcscale completeness": "minutes; tests/products/test_completeness.py runs it on small catalogs",
    "lcscale judge general": "minutes; tests/models/test_judge_command.py runs it on two small catalogs",
    "lcscale judge my_model": "the same, of a model that is none of ours",
    "lcscale classes": "tests/explore/test_classes.py runs it for every shipped model",
    "python jobs/judge_models.py": "minutes on real files; its tables stand in docs/judging.md",
    "python jobs/rrlyrae_": "minutes on real files, whose figures docs/metallicity.md has",
    "lcscale features /rubin/": "is for Rubin's own machines; tests/surveys/test_rubin.py has its columns",
    "lcscale classify /rubin/": "see there",
    "lcscale ingest rubin": "files of Rubin's; tests/surveys/test_rubin.py and test_rubin_alerts.py have some",
}
"""Beginnings of commands that are not run here, and why. What has … in it stands for any such command."""
RUN = {"README", "cluster", "crossmatch", "models", "refresh"}
"""Documents whose other commands are run below."""


def is_run(command: Command) -> bool:
    return "…" not in command.text and not command.text.startswith(tuple(NOT_RUN))


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run a command of a document in `tmp_path`; a file that it shows with `cat` is written there."""
    monkeypatch.chdir(tmp_path)
    last = [0]

    def in_process(words: list[str]) -> None:
        monkeypatch.setattr(sys, "argv", words)
        if words[:2] == ["python", "-c"]:
            exec(compile(words[2], "-c", "exec"), {})
        elif words[0] == "python":
            monkeypatch.setattr(sys, "argv", words[1:])
            monkeypatch.syspath_prepend(ROOT / "jobs")
            runpy.run_path(str(ROOT / words[1]), run_name="__main__")
        else:
            cli.main()

    def call(command: Command) -> str:
        text = command.text.replace("$DATA", str(DATA))
        text = text.replace(ENGINE, "").replace(" --engine spark 2>/dev/null", "")  # tests of the engines run those
        if text.startswith("cat "):
            Path(text.split()[1]).write_text("\n".join(command.prints) + "\n", "utf-8")
            return "\n".join(command.prints)
        if text == "echo $?":
            assert command.prints == (str(last[0]),)
            return command.prints[0]
        if text.startswith("timeout -s KILL "):
            kill_after_three_tasks(shlex.split(text)[4:], in_process)
            return "Killed"
        if text.startswith(("cp ", ". ")):
            first, _, text = text.partition("; ")
            subprocess.run(["bash", "-c", first], check=True)
        text, _, behind = text.partition(" | ")
        try:
            last[0] = 0
            if text:
                in_process(shlex.split(text))
        except SystemExit as end:
            last[0] = end.code or 0
        out, err = capsys.readouterr()
        fails = any(line.startswith("lcscale: ") for line in command.prints)
        assert bool(last[0]) == fails, f"{text}: {out}{err}"
        return out.splitlines()[-1] if behind == "tail -1" else out + err

    return call


def kill_after_three_tasks(words: list[str], in_process) -> None:
    """Run a command in a process that SIGKILL ends when three of its tasks are done."""

    def doomed() -> None:
        done, add = [], Ledger.add

        def counted(ledger, outcome):
            add(ledger, outcome)
            ledger.flush()
            done.append(outcome)
            if len(done) == 3:
                os.kill(os.getpid(), signal.SIGKILL)

        Ledger.add = counted
        in_process(words)

    process = multiprocessing.get_context("fork").Process(target=doomed)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


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
    """That lake as `demo-lake` in the folder of the test; its path."""
    (tmp_path / "demo-lake").symlink_to(small_demo)
    return small_demo


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


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_command_is_run_or_said_why_not(path):
    left = [each.text for each in commands(path) if is_run(each)]
    assert path.stem in RUN or left == []
    for beginning, why in NOT_RUN.items():
        assert why
        assert any(each.text.startswith(beginning) for file in DOCUMENTS for each in commands(file)), beginning


def test_commands_of_readme_run_on_the_demo_s_lake(run, demo_lake):
    mine = [each for each in commands(ROOT / "README.md") if is_run(each) and "demo-lake" in each.text]
    assert len(mine) > 4
    for command in mine:
        run(command)


def test_commands_on_a_cluster_run_on_the_demo_s_lake(run, demo_lake, tmp_path):
    mine = [each for each in commands(ROOT / "docs" / "cluster.md") if is_run(each)]
    assert len(mine) > 15
    leaf = next(Path(demo_lake).glob("stars/*/dataset/Norder=*/Dir=*/*.parquet"))
    whole = leaf.read_bytes()
    for command in mine:
        if "--name hurt" in command.text:
            leaf.write_bytes(whole[: len(whole) // 2])
        elif command.text.startswith("lcscale jobs retry"):
            leaf.write_bytes(whole)
        elif "ingest3.toml" in command.text:
            third = (tmp_path / "ingest.toml").read_text().replace("reference_2", "reference_3")
            (tmp_path / "ingest3.toml").write_text(third)
        printed = run(command)
        if "| tail -1" in command.text:
            assert "unfinished 3/" in printed
    assert "reference_3" in printed


def test_a_pipeline_of_two_halves_is_refreshed_as_shown(run, tmp_path, monkeypatch):
    document = ROOT / "docs" / "refresh.md"
    part = document.read_text("utf-8").split("## A real refresh")[1]
    made = synthesize(["RRab", "EW", "RRc"] * 4, 5, n_observations=(60, 70))
    data = tmp_path / "crts"
    data.mkdir()
    n = len(made.lcs)
    stars = {"id": np.arange(n), "ra": np.linspace(10, 11, n), "dec": np.zeros(n), "cls": ["1"] * n}
    csv.write_csv(pa.table(stars), data / "objects.csv")
    points = {"id": made.lcs.object_index(), "mjd": made.lcs.time, "mag": made.lcs.mag, "magerr": made.lcs.mag_err}
    pq.write_table(pa.table(points), data / "photometry.parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["halves.py", str(data)])
    exec(compile(re.search(r"```python\n(.*?)```", part, re.DOTALL)[1], "refresh.md", "exec"), {})
    (tmp_path / "pipeline.toml").write_text(re.search(r"```toml\n(.*?)```", part, re.DOTALL)[1])
    printed = [run(each) for each in commands(document)]
    assert "3 done" in printed[0]
    assert "3 done" in printed[1]
    assert "nothing to do: 3 catalogs" in printed[2]
    assert f"{n} changed" in printed[3]
    assert (tmp_path / "diff.html").exists()


def test_alerts_are_judged_as_shown(run, tmp_path):
    made = simulate_alerts(["FUOR", "OUTLIER"], seed=24)
    for i, name in enumerate(("outburst", "outlier")):
        rows = slice(made.lcs.offsets[i], made.lcs.offsets[i + 1])
        points = zip(made.lcs.time[rows], made.lcs.mag[rows], strict=True)
        lines = ["Sim24out", "#Date,JD(TCB),averagemag.", *(f"x,{t + 2400000.5:.5f},{m:.2f}" for t, m in points)]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
    (command,) = (each for each in commands(ROOT / "docs" / "models.md") if is_run(each))
    printed = run(command)
    for line in command.prints[2:]:
        assert prints_alike(line, printed)


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
    pipeline = {each.text for each in commands(ROOT / "docs" / "refresh.md")}  # which are run above
    mine = [each for each in commands(ROOT / name) if is_run(each) and each.text not in pipeline]
    mine = [each for each in mine if "$DATA" in each.text or "--lake lake" in each.text]
    assert len(mine) > 5
    for command in mine:
        printed = run(command)
        for line in command.prints:
            assert prints_alike(line, printed), f"{command.text}\nsays {line}\nprinted {printed}"
    snippets = blocks(ROOT / name, "python") if name != "README.md" else []
    for text in snippets:
        exec(compile(text, name, "exec"), {})

"""What a person sees of a run: plain lines in a log, a bar in a terminal, nothing where nobody asked."""

from __future__ import annotations

import sys

import pytest

from lcscale.engine import Ledger, Task, run
from lcscale.engine.progress import Silent, progress_for


def rows(number):
    return {"rows": number}


def work(tmp_path, engine, progress):
    tasks = [Task(f"k{i}", rows, (100,), f"pixel {i}") for i in range(3)]
    return run(tasks, ledger=Ledger(tmp_path / "ledger"), engine=engine, title="stars", progress=progress)


def test_a_log_gets_plain_lines(tmp_path, capsys):
    work(tmp_path, "serial", True)
    first, last = capsys.readouterr().err.splitlines()
    assert first == "stars: 3 tasks on serial"
    assert last.startswith("stars: 3/3 tasks, ")
    assert last.endswith(" rows/s, 0 s left")


@pytest.mark.parametrize("progress", [False, None])
def test_nobody_is_told_who_does_not_look(tmp_path, capsys, progress):
    work(tmp_path, "serial", progress)
    assert capsys.readouterr().err == ""


def test_the_dashboards_link_is_told(tmp_path, capsys):
    from distributed import Client, LocalCluster

    options = {"n_workers": 1, "processes": False, "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(**options) as cluster, Client(cluster, set_as_default=False) as client:
        work(tmp_path, client, True)
        assert f"dashboard {cluster.dashboard_link}" in capsys.readouterr().err


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_for(None, "stars", 4, "serial") as bar:
        assert type(bar) is not Silent
        for _ in range(4):
            bar.advance(10)
    told = capsys.readouterr().err
    assert "stars: 4 tasks on serial" in told
    assert "4/4" in told
    assert "rows/s" in told


def test_nothing_is_shown_where_nothing_is_to_do():
    assert type(progress_for(True, "stars", 0, "serial")) is Silent

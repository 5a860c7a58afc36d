"""Reading, computing and writing at the same time, without ever two at the device."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from lcscale.engine import Ledger, Task, resolve, run
from lcscale.engine.overlap import ahead, turn


def test_one_item_is_taken_ahead_and_no_more():
    taken = []

    def items():
        for number in range(5):
            taken.append((number, threading.current_thread().name))
            yield number

    seen = ahead(items())
    assert taken == []
    for number in range(5):
        assert next(seen) == number
        deadline = time.monotonic() + 60
        while len(taken) < min(number + 2, 5) and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(0.02)  # time to take one too many
        assert len(taken) == min(number + 2, 5)
    assert list(seen) == []
    assert all(thread.startswith("read-ahead") for _, thread in taken)


def test_an_error_of_the_reader_comes_where_its_item_would():
    def items():
        yield 1
        raise ValueError("torn file")

    seen = ahead(items())
    assert next(seen) == 1
    with pytest.raises(ValueError, match="torn file"):
        next(seen)


def staged(log, fail=0):
    """Read, compute and write, 20 ms each; the device is held while computing; fails in its first `fail` turns."""
    began = time.time()
    time.sleep(0.02)
    with turn():
        start = time.time()
        time.sleep(0.02)
        with open(log, "a") as stream:
            stream.write(f"{began} {start} {time.time()}\n")
        with open(log) as stream:
            if len(stream.readlines()) <= fail:
                raise ValueError("once more")
    time.sleep(0.02)
    return {"rows": 1}


def turns(log):
    return [tuple(map(float, line.split())) for line in log.read_text().splitlines()]


@pytest.mark.parametrize("gpu", [True, False])
def test_a_worker_reads_and_writes_while_it_computes_but_never_computes_twice(tmp_path, gpu):
    from distributed import Client, LocalCluster

    log = tmp_path / "turns"
    tasks = [Task(f"k{i}", staged, (str(log), 2), f"pixel {i}", True) for i in range(30)]
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with (
        LocalCluster(**options, resources={"GPU": 1} if gpu else {}) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        assert resolve(client).slots == 1
        record = run(tasks, ledger=Ledger(tmp_path / "ledger"), engine=client)
    assert (record.done, record.exit_status) == (30, 0)
    found = turns(log)
    assert len(found) == 32
    pairs = list(itertools.pairwise(found))
    assert all(end <= start for (_, _, end), (_, start, _) in pairs)
    assert sum(began < end for (_, _, end), (began, _, _) in pairs) > 20  # read while the one before computed


def test_without_an_engine_that_overlaps_a_turn_waits_for_nothing(tmp_path):
    log = tmp_path / "turns"
    task = Task("k", staged, (str(log),), "pixel", True)
    assert run([task], ledger=Ledger(tmp_path / "ledger"), engine="serial").done == 1
    with turn(), turn():
        pass

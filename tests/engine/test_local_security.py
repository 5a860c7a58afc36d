"""An own cluster answers nobody but the process that started it."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from lcscale.engine import resolve

STRANGER = """
import asyncio, sys
from distributed import Security
from distributed.core import connect
for security in (Security(), Security.temporary()):
    address = sys.argv[1] if security.require_encryption else sys.argv[1].replace("tls:", "tcp:")
    try:
        asyncio.run(connect(address, timeout=2, **security.get_connection_args("client")))
    except OSError:
        continue
    print("let in with", security)
"""


@pytest.fixture(scope="module")
def engine():
    engine = resolve("local:2")
    yield engine
    engine.close()


def test_it_works_and_speaks_tls(engine):
    assert engine.client.submit(sum, [1, 2]).result() == 3
    workers = engine.client.scheduler_info(n_workers=-1)["workers"]
    assert len(workers) == 2
    addresses = [engine.client.scheduler.address, *workers, *(each["nanny"] for each in workers.values())]
    assert all(address.startswith("tls://127.0.0.1:") for address in addresses)
    assert engine.client.run(lambda: 5) == dict.fromkeys(workers, 5)


@pytest.mark.parametrize("which", ["scheduler", "worker", "nanny"])
def test_a_stranger_on_this_machine_runs_nothing(engine, which):
    workers = engine.client.scheduler_info(n_workers=-1)["workers"]
    address, about = next(iter(workers.items()))
    address = {"scheduler": engine.client.scheduler.address, "worker": address, "nanny": about["nanny"]}[which]
    asked = subprocess.run([sys.executable, "-c", STRANGER, address], capture_output=True, text=True, check=True)
    assert asked.stdout == ""


def test_nothing_listens_beyond_loopback(engine):
    ours = psutil.Process()
    listening = [
        connection.laddr.ip
        for process in (ours, *ours.children(recursive=True))
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}

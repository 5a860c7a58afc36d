"""A cluster as people run one: a scheduler and workers as processes of their own, over TLS, coming and going."""

from __future__ import annotations

import datetime
import ipaddress
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import dask
import distributed  # noqa: F401 (its configuration has to be there before a part of it is set)
import pytest
from distributed.comm import CommClosedError
from skies import put, sky_table
from slowly import Slowly

from lcscale.engine import resolve
from lcscale.errors import InputError, LcscaleError


def certificate(folder: Path) -> dict[str, str]:
    """A self-signed certificate of the loopback address, in Dask's words."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lcscale test")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(signed.public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    return {"ca": str(folder / "cert.pem"), "cert": str(folder / "cert.pem"), "key": str(folder / "key.pem")}


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A function that starts a TLS scheduler and gives its address, and one that starts one more worker of it."""
    files = certificate(tmp_path)
    tls = [f"--tls-{option}={files[kind]}" for option, kind in (("ca-file", "ca"), ("cert", "cert"), ("key", "key"))]
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    where = tmp_path / "scheduler.json"
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:], *tls, "--no-dashboard"],
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    def scheduler():
        where.unlink(missing_ok=True)
        start("dask_scheduler", "--protocol=tls", "--host=127.0.0.1", "--port=0", f"--scheduler-file={where}")
        deadline = time.monotonic() + 60
        while not where.exists() or not where.read_text():
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.05)
        return json.loads(where.read_text())["address"], started[-1]

    def worker():
        arguments = (f"--scheduler-file={where}", "--nthreads=1", "--host=127.0.0.1", f"--local-directory={tmp_path}")
        return start("dask_worker", *arguments)

    settings = {"distributed.comm.tls.ca-file": files["ca"]}
    settings |= {f"distributed.comm.tls.client.{kind}": files[kind] for kind in ("cert", "key")}
    with dask.config.set(settings):
        yield scheduler, worker
    for process in reversed(started):
        process.kill()
        process.wait()


def test_a_job_on_a_tls_cluster_whose_workers_come_and_go(cluster, lake):
    scheduler, worker = cluster
    address, _ = scheduler()
    assert address.startswith("tls://")
    sky = put(lake, "sky", sky_table(1000, lightcurves=False), order=1)
    first = worker()
    threading.Timer(3.0, worker).start()
    threading.Timer(6.0, first.kill).start()
    record = sky.map(Slowly(0.15)).write("slowly", engine=address)
    assert record.engine == f"dask {address}"
    assert (record.done, record.rows, record.exit_status) == (48, 1000, 0)
    assert lake["slowly"].without("slow").to_arrow().equals(sky.to_arrow())


def kill_when_ran(process: subprocess.Popen, folder: Path, n: int) -> None:
    """Kill `process` when `Slowly` has left `n` files in `folder`."""
    while sum(1 for _ in folder.iterdir()) < n:
        time.sleep(0.02)
    process.kill()


def test_a_job_whose_scheduler_is_killed_says_so_and_goes_on_when_run_again(cluster, lake, tmp_path):
    scheduler, worker = cluster
    address, process = scheduler()
    worker()
    (ran := tmp_path / "ran").mkdir()
    slowly = put(lake, "sky", sky_table(1000, lightcurves=False), order=1).map(Slowly(0.1, str(ran)))
    threading.Thread(target=kill_when_ran, args=(process, ran, 20), daemon=True).start()
    with pytest.raises(LcscaleError, match=f"lost dask {address}; .*run the same command again"):
        slowly.write("slowly", engine=address)
    assert "slowly" not in lake
    address, _ = scheduler()
    worker()
    record = slowly.write("slowly", engine=address)
    assert record.skipped > 0
    assert (record.skipped + record.done, record.rows, record.exit_status) == (48, 1000, 0)
    assert lake["slowly"].without("slow").to_arrow().equals(lake["sky"].to_arrow())


def test_a_scheduler_that_dies_as_it_hands_over_an_answer_is_lost_too(cluster, lake, monkeypatch):
    scheduler, worker = cluster
    address, _ = scheduler()
    worker()
    answers = put(lake, "sky", sky_table(100, lightcurves=False), order=0).columns("ra")

    def closed(*_):
        raise CommClosedError("in <TLS (closed) ConnectionPool.gather>: Stream is closed")

    with monkeypatch.context() as patch:
        patch.setattr("distributed.Future.result", closed)
        with pytest.raises(LcscaleError, match=f"lost dask {address}; .*run the same command again"):
            answers.write("answers", engine=address)
    assert answers.write("answers", engine=address).rows == 100


def test_a_job_of_the_jobs_folder_runs_there_as_people_run_it(cluster, lake, tmp_path, monkeypatch):
    """A process of its own, told by a file and by Dask's variables."""
    scheduler, worker = cluster
    address, _ = scheduler()
    put(lake, "sky", sky_table(300), order=0)
    for _ in range(2):
        worker()
    for kind in ("ca-file", "client.cert", "client.key"):
        name = "DASK_DISTRIBUTED__COMM__TLS__" + kind.upper().replace("-", "_").replace(".", "__")
        monkeypatch.setenv(name, dask.config.get(f"distributed.comm.tls.{kind}"))
    config = tmp_path / "features.toml"
    config.write_text(
        f'lake = "{lake.root}"\ncatalog = "sky"\nname = "amplitudes"\nfeatures = ["amplitude"]\n'
        f'frequencies = [0.01, 1.0, 0.001]\nengine = "{address}"\n'
    )
    job = Path(__file__).parents[2] / "jobs" / "features.py"
    for said in ("published v1", "nothing to do"):
        told = subprocess.run([sys.executable, job, "--config", config], capture_output=True, text=True, timeout=100)
        assert told.returncode == 0, told.stderr
        assert said in told.stdout
    assert [(job.engine, job.done, job.state) for job in lake.jobs()] == [(f"dask {address}", 12, "current")]
    assert lake["amplitudes"].to_arrow().column("object_id").equals(lake["sky"].to_arrow().column("object_id"))


def test_no_scheduler_at_the_address_is_one_clear_error(monkeypatch):
    monkeypatch.setattr("lcscale.engine.dask._CONNECT_SECONDS", 1)
    with pytest.raises(InputError, match="no Dask scheduler answers at tcp://127.0.0.1:1"):
        resolve("tcp://127.0.0.1:1")

"""Four million rows: how long the first table, sorts, filters and stars take, and whether scrolling stays smooth."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest
import requests
from candidates import stars
from hats.pixel_math.spatial_index import compute_spatial_index
from skies import put

from lcscale.browse.curves import small
from lcscale.lake import HEALPIX_COLUMN, Lake
from lcscale.lightcurves import LightCurves, clean

N = int(os.environ.get("LCSCALE_BROWSE_ROWS", 4_000_000))
C = {"catalog": "variable_candidates"}
CLASSES = ("RRab", "RRc", "EA", "EB", "EW", "DSCT", "LPV", "ROT", "YSO", "QSO", "CEP", "CONST")


def four_million(n: int, curves: pa.Table) -> pa.Table:
    """Candidates with 30 columns; the first are the stars of `curves`."""
    rng = np.random.default_rng(11)
    m = curves.num_rows
    ra, dec = rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    ra[:m], dec[:m] = curves["ra"].to_numpy(), curves["dec"].to_numpy()
    index = compute_spatial_index(ra, dec)
    order = np.argsort(index)
    shares = rng.standard_gamma(0.3, (n, len(CLASSES))).astype(np.float32)
    shares /= shares.sum(axis=1, keepdims=True)
    named = np.char.add("SIM4M-", np.arange(n).astype("U7")).astype(object)
    named[:m] = curves["object_id"].to_pylist()
    columns = {
        HEALPIX_COLUMN: index,
        "object_id": pa.array(named[order]),
        "ra": ra,
        "dec": dec,
        "class": pa.DictionaryArray.from_arrays(shares.argmax(axis=1)[order].astype(np.int8), list(CLASSES)).cast(
            "string"
        ),
        **{f"prob_{name}": shares[:, k] for k, name in enumerate(CLASSES)},
        "period": 10 ** rng.uniform(-1, 2.5, n),
        **{f"period_{k}": 10 ** rng.uniform(-1, 2.5, n) for k in (2, 3)},
        "power": rng.random(n),
        "g_mag": rng.normal(17, 1.5, n).round(4),
        "bp_rp": rng.normal(1, 0.5, n).round(4),
        "amplitude": rng.lognormal(-1, 0.5, n),
        "n_observations": rng.integers(20, 400, n).astype(np.int32),
        **{f"feature_{k}": rng.normal(size=n) for k in range(4)},
    }
    return pa.table(
        {k: v if isinstance(v, pa.Array | pa.ChunkedArray) else pa.array(v[order]) for k, v in columns.items()}
    )


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A server, in a process of its own, of a lake with so many candidates."""
    folder = tmp_path_factory.mktemp("large")
    lake = Lake(folder / "lake")
    curves, _ = stars(160)
    put(lake, "stars", curves)
    put(lake, "variable_candidates", four_million(N, curves), order=2)
    command = [sys.executable, "-m", "lcscale", "browse", "--lake", str(lake.root), "--no-open"]
    server = subprocess.Popen([*command, "--cache", str(folder / "cache")], stdout=subprocess.PIPE, text=True)
    address = server.stdout.readline().split()[1]
    session = requests.Session()
    session.get(address, timeout=60)
    session.url = address.partition("?")[0]
    session.pid = server.pid
    session.get(session.url + "api/catalog", params=C, timeout=1200).raise_for_status()
    yield session
    server.kill()
    server.wait()


def processor_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as stream:
        told = stream.read().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/status") as stream:
        (line,) = (line for line in stream if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


@pytest.mark.slow
def test_four_million_rows_answer_at_once(large, capsys):
    def asked(path: str, times: int = 3, **params) -> float:
        """Least processor seconds of the server: the machine may be busy with others."""
        found = []
        for k in range(times):
            before, start = processor_seconds(large.pid), time.perf_counter()
            values = {name: value(k) if callable(value) else value for name, value in params.items()}
            answer = large.get(large.url + path, params={**C, **values}, timeout=120)
            assert answer.status_code == 200, answer.text
            found.append((processor_seconds(large.pid) - before, time.perf_counter() - start))
        told = min(found)
        with capsys.disabled():
            print(
                f"\n{path:20s} {str(params)[:60]:60s} cpu {told[0]:.2f} s, wall {min(wall for _, wall in found):.2f} s",
                end="",
            )
        return told[0]

    first = asked("api/rows") + asked("api/counts") + asked("api/catalog")
    sorts = [asked("api/rows", sort=name, descending=True) for name in ("probability", "period", "g_mag", "class")]
    filters = [
        asked("api/rows", where=lambda k: f"period between 0.2 and {0.8 + k / 100} and amplitude > 0.3", sort="period"),
        asked("api/counts", where=lambda k: f"g_mag < {16 + k / 100}"),
        asked("api/rows", **{"class": "RRab"}, at=200_000),
        asked("api/rows", at=3_000_000 * N // 4_000_000),
    ]
    histogram = asked("api/histogram", column="amplitude", where="period < 1")
    sky = asked("api/sky")
    star = asked("api/star", object_id="SIM-00007") + asked("api/light-curve", object_id="SIM-00007")
    with capsys.disabled():
        print(f"\npeak memory {peak_bytes(large.pid) / 2**30:.2f} GiB")
    assert first < 1.0
    assert max(sorts + filters + [histogram]) < 0.5
    assert sky < 0.5
    assert star < 0.15
    assert peak_bytes(large.pid) < 1 << 30


@pytest.mark.slow
def test_two_thousand_thumbnails_a_second(capsys):
    curves, candidates = stars(160)
    lcs = LightCurves.concatenate([clean(LightCurves.from_arrow(curves))] * 10)
    rows = candidates.select(["period"]).to_pylist() * 10
    small(lcs.between(0, 10), rows[:10])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    small(lcs, rows)
    rate = len(rows) / (resource.getrusage(resource.RUSAGE_SELF).ru_utime - before)
    with capsys.disabled():
        print(f"\n{rate:,.0f} thumbnails a second of a processor")
    assert rate > 2000


@pytest.mark.slow
def test_scrolling_four_million_rows_stays_smooth(large, chromium, capsys):
    context = chromium.new_context(viewport={"width": 1280, "height": 860})
    name, value = next(iter(large.cookies.get_dict().items()))
    context.add_cookies([{"name": name, "value": value, "url": large.url}])
    page = context.new_page()
    page.goto(large.url)
    page.wait_for_selector("#grid .grid-body .grid-row[aria-rowindex='3'] .cell:not(:empty)", timeout=60_000)
    page.wait_for_timeout(2000)
    told = page.evaluate(SCROLL)
    last = page.locator("#grid").get_attribute("aria-rowcount")
    with capsys.disabled():
        print(f"\nscrolled {told['rows']:,.0f} rows in {told['frames']} frames: work {told['worst']:.1f} ms at most, "
              f"{told['late']} of {told['frames']} frames came later than 50 ms")  # fmt: skip
    assert last == str(N + 1)
    assert told["rows"] > 1000
    assert told["worst"] < 50
    page.evaluate("lcscale.grid().to(lcscale.grid().count)")
    page.wait_for_selector(f"#grid .grid-body .grid-row[aria-rowindex='{N + 1}'] .cell:not(:empty)", timeout=30_000)
    context.close()


SCROLL = """
async () => {
  const grid = lcscale.grid(), start = performance.now(), began = grid.first;
  let frames = 0, worst = 0, late = 0, last = start, travelled = 0;
  const draw = grid.draw.bind(grid);
  grid.draw = (again) => { const a = performance.now(); draw(again); worst = Math.max(worst, performance.now() - a); };
  while (performance.now() - start < 10000) {
    const step = frames % 90 === 89 ? 50000 : 3;
    grid.to(grid.first + step);
    travelled += step;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    if (now - last > 50) late += 1;
    last = now;
    frames += 1;
  }
  return { frames, worst, late, rows: travelled };
}
"""

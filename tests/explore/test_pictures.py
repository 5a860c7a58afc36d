"""Pictures of a list: which stars, in which order, and dots where the folded observations are."""

from __future__ import annotations

import base64
import re
import struct
import zlib

import numpy as np
import pytest
from pipelines import hasty_model, surveyed_lake

from lcscale.errors import InputError
from lcscale.explore import gallery, show
from lcscale.explore.thumbnails import HEIGHT, thumbnails
from lcscale.lightcurves import LightCurves
from lcscale.periods import FrequencyGrid, Search
from lcscale.products import variable_candidates


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    found = surveyed_lake(folder, n=40)
    variable_candidates(found["survey"], hasty_model(folder / "hasty"), grid=FrequencyGrid(0.05, 3.0, 0.001)).write(
        "candidates"
    )
    return found


def pixels(url):
    """The palette's codes, uint8 [height, width], of a picture as `thumbnails` writes it."""
    content = base64.b64decode(url.removeprefix("data:image/png;base64,"))
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    at, parts = 8, {}
    while at < len(content):
        (size,) = struct.unpack(">I", content[at : at + 4])
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + data) == struct.unpack(">I", content[at + 8 + size : at + 12 + size])[0]
        parts[kind] = data
        at += 12 + size
    width, height = struct.unpack(">II", parts[b"IHDR"][:8])
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    return rows[:, 1:]


def test_dots_lie_where_the_folded_observations_are_and_bands_on_the_fullest():
    time, period = np.array([0.25, 1.5, 2.75, 0.1, 0.6]), 1.0
    mag = np.array([15.0, 16.0, 15.5, 12.0, 13.0])
    band = np.array([0, 0, 0, 1, 1], np.int8)
    lcs = LightCurves(time, mag, np.full(5, 0.01), [0, 5], band, ("g", "r"))
    (picture,), ranges = thumbnails(lcs, np.array([period]), np.array([0.0]))
    codes = pixels(picture)
    assert codes.shape == (HEIGHT, 2 * HEIGHT)
    np.testing.assert_array_equal(codes[:, :HEIGHT], codes[:, HEIGHT:])
    moved = mag + np.where(band == 1, 15.5 - 12.0, 0.0)  # the median of a pair is taken as its first
    low, high = moved.min(), moved.max()
    low, high = low - 0.1 * (high - low), high + 0.1 * (high - low)
    for phase, level, code in zip(time % 1.0, moved, band, strict=True):
        assert codes[int((level - low) / (high - low) * HEIGHT), int(phase * HEIGHT)] == code + 1
    assert (codes > 0).sum() <= 2 * 9 * 5
    assert ranges[0].tolist() == [15.5, 15.0]


def test_the_page_has_the_most_probable_first_and_says_what_it_leaves_out(lake, tmp_path):
    table = lake["candidates"].to_arrow().to_pylist()
    given = [row for row in table if row["class"] is not None and row["period"]]
    text = gallery(lake, tmp_path / "all.html", name="candidates", pages=False).read_text("utf-8")
    assert text.count('<div class="card">') == text.count("data:image/png") == len(given)
    best = max(given, key=lambda row: row[f"prob_{row['class']}"])
    section = text[text.index(f'<section id="{best["class"].lower().replace("_", "-")}"') :]
    assert re.search(r"<h3>(.*?)</h3>", section)[1] == str(best["object_id"])
    bands = lake["survey"].schema.field("lightcurve").metadata[b"bands"].decode().split(",")
    assert re.findall(r"●</span> (\w+)", text) == bands
    assert f"lcscale show {best['object_id']} --name candidates --lake {lake.root}" in text
    fewer = gallery(lake, tmp_path / "3.html", name="candidates", where="period < 5", by="power", top=3, pages=False)
    text = fewer.read_text("utf-8")
    short = sorted((row for row in given if row["period"] < 5), key=lambda row: -row["power"])[:3]
    assert set(re.findall(r"<h3>(.*?)</h3>", text)) == {str(row["object_id"]) for row in short}
    assert "beyond the first" in text
    assert "<script" not in text


@pytest.mark.parametrize("periodograms", [False, True])
def test_stars_are_linked_to_their_pages(lake, tmp_path, periodograms):
    path = gallery(lake, tmp_path / "few.html", name="candidates", top=2, periodograms=periodograms)
    links = re.findall(r'<h3><a href="(.*?)">(.*?)</a>', path.read_text("utf-8"))
    assert len(links) == 2
    for link, star in links:
        text = (tmp_path / link).read_text("utf-8")
        alone = show(lake, star, tmp_path / "alone.html", name="candidates").read_text("utf-8")
        assert text == alone if periodograms else "<h2>Periodogram</h2>" not in text
        assert all(each in alone for each in re.findall(r"<svg.*?</svg>", text, re.DOTALL))


def test_a_list_without_classes_has_pictures_too_and_one_without_periods_is_refused(lake, tmp_path):
    lake["survey"].map(Search(FrequencyGrid(0.05, 3.0, 0.001))).without("lightcurve").write("periods")
    text = gallery(lake, tmp_path / "p.html", name="periods").read_text("utf-8")
    assert "<h2>Stars</h2>" in text
    with pytest.raises(InputError, match="no column period"):
        gallery(lake, tmp_path / "s.html", name="survey")
    with pytest.raises(InputError, match="did you mean 'power'"):
        gallery(lake, tmp_path / "s.html", name="periods", by="Power")
    with pytest.raises(InputError, match="no star"):
        gallery(lake, tmp_path / "s.html", name="periods", where="period < 0")

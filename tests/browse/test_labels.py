"""Labels: append-only, superseded, taken back, in and out, and never lost once confirmed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pyarrow as pa
import pytest
import requests

from lcscale.errors import InputError
from lcscale.lake import Lake
from lcscale.products.judgements import Judgements, Label, label_names


def test_the_last_label_counts_and_nothing_is_overwritten(tmp_path):
    lake = Lake(tmp_path)
    judgements = Judgements(lake.root, "mine")
    judgements.add([Label("a", "RRab", period=0.5), Label("b", "EA")])
    before = {path: path.read_bytes() for path in (tmp_path / "labels" / "mine").iterdir()}
    judgements.add([Label("a", "RRc", sure=False, tags=("blend",), comment="blended")])
    for path, content in before.items():
        assert path.read_bytes().startswith(content)
    other = Judgements(lake.root, "mine")
    assert {name: label.class_name for name, label in other.current().items()} == {"b": "EA", "a": "RRc"}
    assert [label.class_name for label in other.entries()] == ["RRab", "EA", "RRc"]
    assert other.table().column("tags").to_pylist() == ["", "blend"]
    assert label_names(lake.root) == ["mine"]


def test_what_is_taken_back_gives_way_to_the_label_before(tmp_path):
    judgements = Judgements(Lake(tmp_path).root, "mine")
    first, second = judgements.add([Label("a", "RRab"), Label("a", "RRc")])
    judgements.add([Label("a", withdrawn=second.label_id)])
    assert judgements.current()["a"] == first
    judgements.add([Label("a", withdrawn=first.label_id)])
    assert judgements.current() == {}
    assert len(judgements.entries()) == 4


def test_two_people_may_judge_at_a_time(tmp_path):
    root = Lake(tmp_path).root
    people = [Judgements(root, "both") for _ in range(2)]

    def work(k):
        for i in range(50):
            people[k].add([Label(f"{k}-{i}", "EA")])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(Judgements(root, "both").current()) == 100


def test_a_torn_line_costs_only_itself(tmp_path):
    root = Lake(tmp_path).root
    Judgements(root, "mine").add([Label("a", "EA"), Label("b", "EB")])
    (file,) = (tmp_path / "labels" / "mine").iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    assert set(Judgements(root, "mine").current()) == {"a"}


def test_labels_on_an_object_store_are_files_of_their_own(s3):
    lake = Lake("s3://survey/judged-lake", **s3)
    judgements = Judgements(lake.root, "mine")
    judgements.add([Label("a", "EA")])
    judgements.add([Label("a", "EB")])
    assert Judgements(lake.root, "mine").current()["a"].class_name == "EB"


@pytest.mark.parametrize(
    "wrong",
    [{"class_name": "NOPE"}, {"period": 0.0}, {"tags": ("a,b",)}, {"comment": "x" * 2001}, {"person": "\ud800"}],
)
def test_labels_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InputError):
        Label("a", **wrong)


def test_judge_undo_and_hide(served):
    name = {"labels": "undoing"}
    row = served.get("api/rows", catalog="variable_candidates", limit=1).json()["rows"][0]
    judged = {"object_id": row["object_id"], "class_name": "RRab", "period": 0.61, "person": "me", "tags": ["nice"]}
    first = served.post("api/labels/undoing", json=judged).json()
    served.post("api/labels/undoing", json={**judged, "class_name": "RRc"})
    hidden = served.get("api/counts", catalog="variable_candidates", hide=name["labels"]).json()
    assert (hidden["count"], hidden["hidden"]) == (159, 1)
    rest = served.get("api/rows", catalog="variable_candidates", hide="undoing", limit=1000).json()
    assert rest["count"] == 159 == len(rest["rows"])
    assert row["row"] not in {each["row"] for each in rest["rows"]}
    last = served.get("api/labels/undoing").json()["labels"][0]
    back = served.post("api/labels/undoing/undo", json={"label_id": last["label_id"]}).json()
    assert back["label"]["label_id"] == first["label_id"]
    served.post("api/labels/undoing/undo", json={"label_id": first["label_id"]})
    assert served.get("api/labels/undoing").json()["count"] == 0
    assert len(served.get("api/labels/undoing", history=True).json()["labels"]) == 4


@pytest.mark.parametrize("format", ["csv", "parquet", "votable"])
def test_labels_go_out_and_come_in_again(served, format):
    out, back = f"out-{format}", f"back-{format}"
    served.post(f"api/labels/{out}", json={"object_id": "007", "class_name": "EA", "period": 1.5, "comment": 'ä, "q"'})
    served.post(f"api/labels/{out}", json={"object_id": "b", "class_name": None, "sure": False, "tags": ["x", "y"]})
    file = served.get(f"api/labels/{out}/export", format=format).content
    answer = served.post(
        f"api/labels/{back}/import?format={format}", data=file, headers={"Content-Type": "application/octet-stream"}
    )
    assert answer.json() == {"count": 2}, answer.text
    told = ("object_id", "class", "period", "comment", "sure", "tags")
    mine = [[label[key] for key in told] for label in served.get(f"api/labels/{out}").json()["labels"]]
    theirs = [[label[key] for key in told] for label in served.get(f"api/labels/{back}").json()["labels"]]
    assert theirs == mine


@pytest.mark.parametrize(
    "content", [b"", b"object_id,class\nx,NOPE\n", b"name\nx\n", b"\x00\xff\x00", b"object_id\n\n"]
)
def test_files_that_are_no_labels_bring_in_nothing(served, content):
    answer = served.post(
        "api/labels/nothing/import", data=content, headers={"Content-Type": "application/octet-stream"}
    )
    assert answer.status_code in (400, 422, 201)
    assert served.get("api/labels/nothing").json()["count"] == 0


def test_a_killed_server_loses_no_label_that_it_confirmed(serve_lake, tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.root.mkdir()
    command = [sys.executable, "-m", "lcscale", "browse", "--lake", str(lake.root), "--no-open"]
    server = subprocess.Popen([*command, "--cache", str(tmp_path / "c")], stdout=subprocess.PIPE, text=True)
    address = server.stdout.readline().split()[1]
    session = requests.Session()
    session.get(address, timeout=60)
    url = address.partition("?")[0]
    confirmed: list[str] = []

    def judge():
        for i in range(100_000):
            label = {"object_id": f"star {i}", "class_name": "EA", "comment": "c" * 500}
            try:
                answer = session.post(url + "api/labels/mine", json=label, timeout=20)
            except requests.RequestException:
                return
            if answer.status_code == 201:
                confirmed.append(answer.json()["label_id"])

    thread = threading.Thread(target=judge)
    thread.start()
    while len(confirmed) < 120:
        time.sleep(0.01)
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    thread.join()
    after = serve_lake(lake)  # goes on beside what the killed one left
    assert after.post("api/labels/mine", json={"object_id": "one more", "class_name": "EA"}).status_code == 201
    there = {label["label_id"] for label in after.get("api/labels/mine").json()["labels"]}
    assert len(confirmed) >= 120
    assert set(confirmed) < there


def test_labels_are_rows_that_arrow_reads(tmp_path):
    judgements = Judgements(Lake(tmp_path).root, "mine")
    judgements.add([Label("a", "EA", ra=1.0, dec=2.0)])
    (file,) = (tmp_path / "labels" / "mine").iterdir()
    row = json.loads(file.read_text())
    assert row["class"] == "EA"
    assert judgements.table().schema.field("period").metadata[b"unit"] == b"d"
    assert pa.types.is_boolean(judgements.table().schema.field("sure").type)


def test_what_changed_on_the_judged_stars(served, browse_lake):
    frame = browse_lake["variable_candidates"].to_pandas().dropna(subset=["class"])
    a, b = frame.iloc[3], frame.iloc[8]
    served.post("api/labels/then", json={"object_id": a.object_id, "class_name": a["class"], "class_given": "MIRA"})
    served.post("api/labels/then", json={"object_id": b.object_id, "class_name": "MIRA", "class_given": b["class"]})
    found = served.get("api/labels/then/changes", catalog="variable_candidates").json()
    assert (found["judged"], found["agreed_then"], found["agree_now"]) == (2, 0, 1)
    assert found["changed"] == [{"object_id": a.object_id, "label": a["class"], "then": "MIRA", "now": a["class"]}]


def test_judged_classes_and_periods_come_before_those_of_the_catalog(tmp_path, browse_lake):
    from lcscale.products.judged import Judged

    lake = Lake(tmp_path)
    with pytest.raises(InputError, match="no labels 'mine'"):
        Judged.of(lake, "mine", "object_id")
    Judgements(lake.root, "mine").add(
        [Label("SIM-00003", "RRc", period=0.3), Label("SIM-00004", "EB", sure=False), Label("nobody", "EA")]
    )
    step = Judged.of(lake, "mine", "object_id", "class")
    catalog = browse_lake["variable_candidates"]
    before = {row["object_id"]: row for row in catalog.to_arrow().to_pylist()}
    after = {row["object_id"]: row for row in catalog.map(step).to_arrow().to_pylist()}
    assert (after["SIM-00003"]["class"], after["SIM-00003"]["period"]) == ("RRc", 0.3)
    assert after["SIM-00004"]["class"] is None
    rest = [name for name in before if name not in ("SIM-00003", "SIM-00004")]
    assert [(after[name]["class"], after[name]["period"]) for name in rest] == [
        (before[name]["class"], before[name]["period"]) for name in rest
    ]
    assert step.fingerprint() != Judged(step.labels[:1], "object_id", "class").fingerprint()


def test_a_network_is_trained_on_what_people_said(tmp_path, monkeypatch):
    import numpy as np
    from candidates import stars
    from skies import put
    from typer.testing import CliRunner

    import lcscale.models
    from lcscale.cli import app

    lake = Lake(tmp_path / "lake")
    put(lake, "stars", stars(40)[0])
    Judgements(lake.root, "mine").add([Label(f"SIM-{i:05d}", ("RRab", "EA")[i % 2]) for i in range(30)])
    seen = {}

    def train(source, model, *, label, **_):
        seen["table"] = source.to_arrow()
        raise InputError("enough")

    monkeypatch.setattr(lcscale.models, "train", train)
    CliRunner().invoke(
        app,
        [
            "train",
            "stars",
            "--lake",
            str(lake.root),
            "--model",
            str(tmp_path / "m"),
            "--labels",
            "mine",
            "--view",
            "raw",
        ],
    )
    labels = dict(zip(*(seen["table"].column(name).to_pylist() for name in ("object_id", "label")), strict=True))
    assert [labels[f"SIM-{i:05d}"] for i in range(4)] == ["RRab", "EA", "RRab", "EA"]
    assert np.sum([value is None for value in labels.values()]) == 10

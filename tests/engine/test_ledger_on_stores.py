"""Ledgers on stores that cannot append: all is there soon, and little of it is written twice."""

from __future__ import annotations

import pytest
from upath import UPath

from lcscale.engine import Ledger, Outcome, ledger


@pytest.fixture
def written(monkeypatch):
    """Sizes of what is written to a store; files hold 4,000 characters, and each outcome is brought there at once."""
    sizes = []
    store = type(UPath("memory://ledger"))
    write = store.write_text

    def writing(path, text, **options):
        sizes.append(len(text))
        return write(path, text, **options)

    monkeypatch.setattr(store, "write_text", writing)
    monkeypatch.setattr(ledger, "_REWRITE_SECONDS", -1.0)
    monkeypatch.setattr(ledger, "_FILE_CHARACTERS", 4000)
    return sizes


def test_what_is_written_grows_with_the_outcomes_not_with_their_square(written, tmp_path):
    folder = UPath(f"memory://{tmp_path.name}/ledger")
    kept = Ledger(folder)
    for number in range(400):
        kept.add(Outcome(f"key {number:04d}", "it", {"rows": number}))
    kept.close()
    assert [entry["key"] for entry in Ledger(folder).entries()] == [f"key {number:04d}" for number in range(400)]
    assert max(written) < 4400
    assert len(list(folder.glob("*.jsonl"))) > 5


def test_reading_writes_only_what_is_new(written, tmp_path):
    kept = Ledger(UPath(f"memory://{tmp_path.name}/ledger"))
    kept.add(Outcome("one", "it"))
    before = len(written)
    assert [len(kept.done()) for _ in range(3)] == [1, 1, 1]
    assert len(written) == before

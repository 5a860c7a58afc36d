"""Keys of an ingest's tasks: what they always were, for the cost of what is said of the task."""

from __future__ import annotations

import hashlib
import time
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from lcscale.ingest.tasks import key_of


@given(st.text(), st.text(), st.text())
def test_a_key_is_the_digest_of_plan_function_and_task(plan, name, what):
    expected = hashlib.blake2b(f"{plan}|{name}|{what}".encode(), digest_size=12).hexdigest()
    assert key_of(SimpleNamespace(plan=plan), name, what) == expected


def test_a_key_costs_the_same_for_a_release_of_any_number_of_parts():
    parts = [f"{'a' * 32} detections {i}:{i + 1} {'b' * 24}" for i in range(100_000)]
    draft = SimpleNamespace(plan="\n".join(parts))
    key_of(draft, "gather_leaf", "first")
    start = time.process_time()
    keys = {key_of(draft, "gather_leaf", f"Norder=9/Npix={i}") for i in range(1000)}
    assert len(keys) == 1000
    assert time.process_time() - start < 1.0  # hashing the plan each time takes 30 s and more

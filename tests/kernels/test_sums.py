"""Sums of kernels whose order is the compiler's are taken in loops that store nothing.

A compiler that must rule out that what is read and what is stored overlap asks at run time where the arrays lie, and
takes a sum in vectors only where they surely do not. What it asks is coarser than the truth: an index that it cannot
know to be positive may count from the end, and what lies behind an array is then taken for a part of it. So one and the
same sum had other last digits once in a thousand calls, by where a small array happened to lie.
"""

import ast
from pathlib import Path

import pytest

import lcscale

REORDERED = {"kernel", "comparing_kernel", "inlined"}
"""Decorators of `lcscale.kernels.compiling` that leave the order of sums to the compiler."""
ROWS_OF_ONE_ARRAY = {"_largest_power"}
"""Kernels whose arrays are rows of one: how they lie to each other is always the same."""


def kernels():
    for path in sorted(Path(lcscale.__file__).parent.rglob("*.py")):
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(each, ast.FunctionDef) and {ast.unparse(d) for d in each.decorator_list} & REORDERED:
                yield path, each


def loops(node):
    return [each for each in ast.walk(node) if isinstance(each, ast.For | ast.While)]


def names(node):
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def single(target):
    return target.elts if isinstance(target, ast.Tuple) else [target]


def sums_and_stores(loop):
    """Sums that go on from one round of the loop to the next, and values that are stored in arrays."""
    steps = [each for part in loop.body for each in ast.walk(part)]
    own = names(loop.target) if isinstance(loop, ast.For) else set()
    own |= {e.id for s in steps if isinstance(s, ast.Assign) for t in s.targets for e in single(t) if hasattr(e, "id")}
    added = [s for s in steps if isinstance(s, ast.AugAssign) and not isinstance(s.value, ast.Constant)]
    sums = [s for s in added if not names(s.target) & own]
    targets = [t for s in steps if isinstance(s, ast.Assign | ast.AugAssign) for t in getattr(s, "targets", [])]
    targets += [s.target for s in added]
    return sums, [t for target in targets for t in single(target) if isinstance(t, ast.Subscript)]


def offences(path, kernel, with_loops):
    for loop in loops(kernel):
        calls = {each.func.id for each in ast.walk(loop) if isinstance(each, ast.Call) and hasattr(each.func, "id")}
        if len(loops(loop)) > 1 or calls & with_loops:
            continue  # not the innermost loop
        sums, stores = sums_and_stores(loop)
        yield from (f"{path}:{each.lineno} {kernel.name}: {ast.unparse(each)}" for each in sums if stores)


def test_of_all_kernels_are_in_loops_that_store_nothing():
    found = list(kernels())
    with_loops = {kernel.name for _, kernel in found if loops(kernel)}
    assert len(found) > 100
    told = [
        each
        for path, kernel in found
        for each in offences(path, kernel, with_loops)
        if kernel.name not in ROWS_OF_ONE_ARRAY
    ]
    assert told == []


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("for j in range(a, b):\n  whole[i] += x[j]", True),
        ("for j in range(n):\n  total += x[j]\n  y[j] = x[j]", True),
        ("for j in range(n):\n  total += x[j]\n for j in range(n):\n  y[j] = x[j]", False),
        ("for j in range(n):\n  y[j] += x[j]", False),
        ("for g in range(n):\n  row = y[g]\n  row[0] /= x[g]", False),
        ("for i in range(n):\n  total = 0.0\n  for j in range(m):\n   total += x[j]\n  y[i] = total", False),
    ],
)
def test_the_rule_tells_sums_that_are_stored_from_others(body, wrong):
    kernel = ast.parse(f"def f():\n {body}").body[0]
    assert bool(list(offences("f.py", kernel, set()))) == wrong

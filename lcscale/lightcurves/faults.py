"""Why a light curve cannot be read: lists of different lengths, or text where a number belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError

Texts = tuple[str, npt.NDArray[np.bool_], pa.Array]
"""Name of a field, which of its values are texts that are no numbers, and the values."""

_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?(?i:inf|infinity|nan)$"
_SHOWN = 40


def unequal(lists: Mapping[str, pa.Array]) -> npt.NDArray[np.object_] | None:
    """For each row the fault that its lists differ in length (a null list has none); None where no row has it."""
    lengths = {name: pc.fill_null(pc.list_value_length(each), 0).to_numpy() for name, each in lists.items()}
    (first, expected), *others = lengths.items()
    differing = np.any([found != expected for _, found in others], axis=0) if others else np.zeros(0, np.bool_)
    if not differing.any():
        return None
    faults = np.full(expected.size, None, dtype=object)
    for row in np.flatnonzero(differing):
        name, found = next((name, found[row]) for name, found in others if found[row] != expected[row])
        faults[row] = f"the light curve's lists differ in length: {found} {name}, {expected[row]} {first}"
    return faults


def numbers(values: pa.Array | pa.ChunkedArray) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
    """Arrow numbers as NumPy floats, without a copy where they are such already, and which are texts that are none.

    Nulls, empty texts and texts that are no numbers are NaN. The second result, bool [n], is None where there is no
    text that is no number.

    Raises
    ------
    InputError
        The type can hold no numbers.

    Examples
    --------
    >>> numbers(pa.array(["15.1", "faint", ""]))[0].tolist()
    [15.1, nan, nan]
    """
    kind, wrong = values.type, None
    if pa.types.is_dictionary(kind):
        values, kind = values.cast(kind.value_type), kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        texts = pc.utf8_trim_whitespace(values.cast(pa.large_string()))
        number = pc.match_substring_regex(texts, _NUMBER)
        other = pc.fill_null(pc.and_not(pc.not_equal(texts, ""), number), False)
        wrong = np.asarray(other.to_numpy(zero_copy_only=False)) if pc.any(other).as_py() else None
        values = pc.if_else(number, texts, pa.scalar(None, texts.type)).cast(pa.float64())
    elif not pa.types.is_floating(kind):
        try:
            values = values.cast(pa.float64(), safe=False)
        except pa.ArrowException as error:
            raise InputError(f"expected numbers, found {kind}") from error
    if isinstance(values, pa.ChunkedArray):
        return np.asarray(values.to_numpy()), wrong
    return np.asarray(values.to_numpy(zero_copy_only=False)), wrong


def first_faults(
    texts: Sequence[Texts], offsets: npt.NDArray[np.int64], faults: npt.NDArray[np.object_] | None
) -> npt.NDArray[np.object_]:
    """`faults` (None: none yet), and for each object with text among its numbers the first such text."""
    result = np.full(offsets.size - 1, None, dtype=object) if faults is None else faults.copy()
    for name, wrong, values in texts:
        at = np.flatnonzero(wrong)
        owners, first = np.unique(np.searchsorted(offsets, at, side="right") - 1, return_index=True)
        for owner, place in zip(owners, at[first], strict=True):
            if result[owner] is None:
                shown = str(values[int(place)].as_py())
                shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
                result[owner] = f"the light curve has the text {shown!r} for a number, in {name}"
    return result

"""What stands for each row of a table: a digest of all its values, lists and light curves included."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from upath import UPath

from lcscale.engine.disk import make_folder
from lcscale.lake.leaf import leaf_name
from lcscale.lake.pixel import Pixel
from lcscale.lake.storage import content_of, is_local, replace_file
from lcscale.nested import Nested

SIZE = 16
"""Bytes of a key."""
Keys = npt.NDArray[np.void]
"""A key a row, `SIZE` bytes each."""


Bytes = npt.NDArray[np.uint8]
"""Bytes of rows, of which each has as many: uint8 [n_rows, n_bytes]. Where each has its own number: `Nested`."""


def row_keys(table: pa.Table, about: str) -> Keys:
    """A key for each row: equal for equal values of all columns and equal texts `about`, and different otherwise.

    Parameters
    ----------
    table
        The rows; any columns.
    about
        What the values are: the schema with its units, and what is done to the rows.

    Returns
    -------
    Keys
        BLAKE2b digests of 128 bits [n_rows].

    Examples
    --------
    >>> a, b, c = row_keys(pa.table({"id": [7, 8, 7], "mag": [[14.5], [15.0, 15.1], [14.5]]}), "")
    >>> bool(a == c), bool(a == b)
    (True, False)
    """
    seed = hashlib.blake2b(about.encode(), digest_size=SIZE)
    pieces = [piece for column in table.columns for piece in _pieces(column.combine_chunks())]
    fixed = [np.empty((table.num_rows, 0), np.uint8), *(each for each in pieces if not isinstance(each, Nested))]
    ragged = [_of_lists(np.arange(table.num_rows + 1), np.hstack(fixed))]
    ragged += [each for each in pieces if isinstance(each, Nested)]
    cut = [(each.offsets.tolist(), memoryview(each.values.to_numpy())) for each in ragged]
    keys = bytearray()
    for row in range(table.num_rows):
        digest = seed.copy()
        for offsets, data in cut:
            digest.update(data[offsets[row] : offsets[row + 1]])
        keys += digest.digest()
    return np.frombuffer(bytes(keys), np.dtype((np.void, SIZE)))


def _pieces(array: pa.Array) -> Iterator[Bytes | Nested]:
    """The bytes of `array`: which values are there, how long lists and texts are, and the values."""
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        yield from _pieces(array.storage)
    elif pa.types.is_dictionary(kind):
        yield from _pieces(array.cast(kind.value_type))
    elif pa.types.is_fixed_size_list(kind):
        yield from _pieces(array.cast(pa.list_(kind.value_field)))
    elif pa.types.is_struct(kind):
        yield _fixed(array.is_valid())
        for part in array.flatten():
            yield from _pieces(part)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        lists = Nested.of(array)
        yield from (_fixed(array.is_valid()), _fixed(pa.array(lists.counts)))
        yield from (_of_lists(lists.offsets, piece) for piece in _pieces(lists.values))
    elif pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_string(kind):
        texts = array.cast(pa.large_binary())
        offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
        yield from (_fixed(array.is_valid()), _fixed(pa.array(np.diff(offsets))))
        yield Nested(pa.array(np.frombuffer(texts.buffers()[2] or b"", np.uint8)), offsets)
    elif pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        yield _fixed(array.is_valid())
        yield _fixed(pc.fill_null(array, False if pa.types.is_boolean(kind) else 0))
    else:  # times, decimals and what else there may be
        texts = [None if value is None else repr(value) for value in array.to_pylist()]
        yield from _pieces(pa.array(texts, pa.string()))


def _fixed(array: pa.Array) -> Bytes:
    values = np.ascontiguousarray(array.to_numpy(zero_copy_only=False))
    return values.view(np.uint8).reshape(len(values), values.itemsize)


def _of_lists(offsets: npt.NDArray[np.int64], piece: Bytes | Nested) -> Nested:
    """The bytes of lists, out of those of their values."""
    if isinstance(piece, Nested):
        return Nested(piece.values, piece.offsets[offsets])
    return Nested(pa.array(piece.ravel()), offsets * piece.shape[1])


def keys_name(pixel: Pixel) -> str:
    """Where in a version the keys of the rows lie that its leaf of `pixel` was made from."""
    return f"row_keys/{leaf_name(pixel).removeprefix('dataset/').removesuffix('.parquet')}.npy"


def keys_path(folder: UPath, pixel: Pixel) -> UPath:
    """The same in the version at `folder`."""
    return folder / keys_name(pixel)


def read_keys(folder: UPath, pixel: Pixel) -> Keys | None:
    """The keys of the rows of a leaf, in their order; None where none were kept."""
    content = content_of(keys_path(folder, pixel))
    if content is None:
        return None
    found = np.load(io.BytesIO(content), allow_pickle=False)
    return np.ascontiguousarray(found).view(np.dtype((np.void, SIZE))).ravel()


def write_keys(folder: UPath, pixel: Pixel, keys: Keys) -> None:
    """Keep the keys of the rows of a leaf."""
    place, stream = keys_path(folder, pixel), io.BytesIO()
    np.save(stream, keys.view(np.uint8).reshape(-1, SIZE))
    if is_local(place):
        make_folder(place.parent.path)
        replace_file(place, stream.getvalue())
    else:
        place.fs.pipe_file(place.path, stream.getvalue())

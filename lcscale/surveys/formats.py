"""Which format a file is in, told from its first bytes and lines, whatever it is called."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from lcscale.surveys.layout import BLANKS, TextLayout, cut, text_layout
from lcscale.surveys.release import ReleaseFileError

HEAD_BYTES = 1 << 20
"""Bytes from the start of a file that its format is told from; a header may be this long."""

_BINARY = {b"PAR1": "parquet", b"ARROW1": "feather", b"SIMPLE  =": "fits"}
_ARCHIVES = {b"PK\x03\x04": "a zip archive", b"\xfd7zXZ": "compressed with xz", b"7z\xbc\xaf": "a 7z archive"}
_ARCHIVES |= {b"\x89HDF": "HDF5", b"SQLite": "a database of SQLite", b"\x80\x04": "a Python pickle"}
_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\x28\xb5\x2f\xfd": "zstd", b"\x04\x22\x4d\x18": "lz4"}
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_HINTS = {".tsv": "\t", ".psv": "|", ".tab": "\t", ".dat": BLANKS, ".txt": BLANKS}
_NO_LATIN = re.compile(rb"[\x80-\x9f\xfe\xff]")
_SEXTRACTOR = re.compile(r"^#\s+1\s+[A-Z]\w*\s")
_BYTE_BY_BYTE = re.compile(r"^ ?Byte-by-byte Description of file", re.MULTILINE)
_READ_ME = ("ReadMe", "readme", "README", "ReadMe.txt")
_ENDINGS = (".gz", ".bz2", ".zst", ".lz4")
_NEXT_TABLE = (b"#RESOURCE=", b"#Table\t")
_IPAC_TYPES = ("char", "date", "double", "float", "integer", "long", "real")
_DRAWN = re.compile(rb"^(?:[ |,;:+\t]*[-=]{2}[-= |,;:+\t]*|\(\d+ rows?\) *)(?:\n|\Z)", re.MULTILINE)
"""Drawn lines among rows, and psql's last line."""
_BLANKS_OR_QUOTED = re.compile(rb'("[^"\n]*")|[ \t]+')


@dataclass(frozen=True)
class Format:
    """What is in a file."""

    kind: str
    """parquet, feather, fits, votable, ipac, cds, sextractor, ecsv, text; or unknown."""
    compression: str | None = None
    """Name of the codec around it."""
    encoding: str = "utf-8"
    """Of text."""
    layout: TextLayout | None = None
    """Of delimited text."""
    described_by: str | None = None
    """The file that has the description of the columns (CDS)."""
    why: str = ""
    """What makes it unknown."""


def suffix(path: str) -> str:
    """The ending that says the format, without that of the compression: ``.csv`` of ``a.CSV.gz``."""
    stem, ending = os.path.splitext(path.lower())
    return os.path.splitext(stem)[1] if ending in _ENDINGS else ending


def format_of(path: str) -> Format:
    """The format of the file at `path`.

    Raises
    ------
    ReleaseFileError
        The file is empty.
    """
    compression = codec_of(path)
    head = head_of(path)
    if not head:
        raise ReleaseFileError(f"{path} is empty")
    for magic, kind in _BINARY.items():
        if head.startswith(magic):
            return Format(kind, compression)
    encoding = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in head[:4096]:
        return Format("unknown", compression, why=_why_binary(head))
    if encoding == "utf-8" and not _is_utf8(head) and not _NO_LATIN.search(head):
        encoding = "latin-1"
    text = head.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    lines = text_lines(text, whole=len(head) < HEAD_BYTES)
    kind, why = _kind_of_text(text, lines)
    if kind:
        return Format(kind, compression, encoding, why=why)
    described_by = _read_me(path)
    if described_by:
        return Format("cds", compression, encoding, described_by=described_by)
    layout = text_layout(lines, hint=_HINTS.get(suffix(path), ","))
    if layout is None:
        return Format("unknown", compression, encoding, why=f"no fields can be told apart in {_shown(lines)}")
    return Format("text", compression, encoding, layout)


def _why_binary(head: bytes) -> str:
    known = next((name for magic, name in _ARCHIVES.items() if head.startswith(magic)), None)
    if known is None:
        return "its content is binary"
    return f"it is {known}: " + ("unpack it" if "archive" in known or "xz" in known else "write it as a table")


def _is_utf8(head: bytes) -> bool:
    """Whether the bytes are UTF-8; a character that the end cuts through does not count."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _kind_of_text(text: str, lines: list[str]) -> tuple[str, str]:
    """The kind of text, or ``""`` where it is delimited; and why it is unknown."""
    start = text[:2048].lstrip().lower()
    if lines and lines[0].startswith("# %ECSV"):
        return "ecsv", ""
    if start.startswith(("<!doctype html", "<html")):
        return "unknown", "it is a web page: was it downloaded whole, and from the right address?"
    if start.startswith(("<?xml", "<votable")):
        return ("votable", "") if "<votable" in text[:65536].lower() else ("unknown", "it is XML, but no VOTable")
    if start.startswith(("{", "[{", "[[")):
        return "unknown", "it is JSON"
    if _is_ipac(lines):
        return "ipac", ""
    if lines and _SEXTRACTOR.match(lines[0]):
        return "sextractor", ""
    if _BYTE_BY_BYTE.search(text):
        return "cds", ""
    return "", ""


def codec_of(path: str) -> str | None:
    """Name of the compression around a file, told by its first bytes."""
    with open(path, "rb") as stream:
        start = stream.read(4)
    return next((name for magic, name in _COMPRESSED.items() if start.startswith(magic)), None)


def head_of(path: str, size: int = HEAD_BYTES) -> bytes:
    """The first bytes of a file's content; fewer than `size` where it ends before, or breaks."""
    parts: list[bytes] = []
    with pa.input_stream(path, compression=codec_of(path)) as stream:
        while size > 0 and (part := _read(stream, min(size, 1 << 16), bool(parts))):
            parts.append(part)
            size -= len(part)
    return b"".join(parts)


def _read(stream: pa.NativeFile, size: int, torn_may_end: bool) -> bytes:
    try:
        return bytes(stream.read(size))
    except OSError:
        if torn_may_end:  # what can be read says the format; reading it on will say what is wrong
            return b""
        raise


def text_lines(text: str, *, whole: bool = True) -> list[str]:
    """The lines of a text without their ends; the last one only where the text is `whole`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if whole and lines[-1] else lines[:-1]


def text_stream(path: str, how: Format) -> pa.NativeFile:
    """The content of a text in UTF-8, without a byte-order mark; blanks between fields become tabs."""
    stream = pa.input_stream(path, compression=how.compression)
    if how.encoding != "utf-8":
        stream = pa.transcoding_input_stream(stream, how.encoding, "utf-8")
    layout = how.layout
    plain = layout is None or not (layout.comments or layout.padded_quotes or layout.ruled)
    if layout is None or (plain and layout.delimiter != BLANKS):
        return stream
    return pa.PythonFile(_Rows(stream, layout), mode="r")


class _Rows:
    """A text as its rows: comments among them left out, blanks between fields made tabs; lines before `skip` stay."""

    closed = False

    def __init__(self, stream: pa.NativeFile, layout: TextLayout) -> None:
        self._pieces = _rows(stream, layout)
        self._rest = b""
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """The next bytes, as many as asked for unless the text ends."""
        while size < 0 or len(self._rest) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        taken, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return taken

    def close(self) -> None:
        """Close the text beneath."""
        self.closed = True
        self._stream.close()


def _rows(stream: pa.NativeFile, layout: TextLayout) -> Iterator[bytes]:
    rest, passed = b"", 0
    while block := bytes(stream.read(1 << 20)):
        rest += block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # an empty line more, at a block's end, is none
        cut = rest.rfind(b"\n") + 1
        if cut:
            piece, rest = rest[:cut], rest[cut:]
            lines = piece.count(b"\n")
            cleaned, ended = _cleaned(piece, layout, max(0, layout.skip - passed))
            yield cleaned
            passed += lines
            if ended:
                return
    if rest:
        yield _cleaned(rest, layout, max(0, layout.skip - passed))[0]


def _cleaned(piece: bytes, layout: TextLayout, skip: int) -> tuple[bytes, bool]:
    """Whole lines as rows, and whether another table begins in them (VizieR puts one behind the other).

    The first `skip` lines stay as they are.
    """
    at = 0
    for _ in range(skip):
        at = piece.find(b"\n", at) + 1 or len(piece)
    head, piece = piece[:at], piece[at:]
    mark, ended = layout.mark.encode(), False
    if mark in piece:
        lines = piece.splitlines(keepends=True)
        end = next((i for i, line in enumerate(lines) if line.startswith(_NEXT_TABLE)), len(lines))
        piece, ended = b"".join(line for line in lines[:end] if not line.startswith(mark)), end < len(lines)
    if layout.ruled:
        piece = _DRAWN.sub(b"", piece)
    if layout.spans:
        rows = (cut(line, layout.spans) for line in piece.decode(errors="replace").split("\n") if line.strip())
        piece = "".join("\t".join(row) + "\n" for row in rows).encode()
    elif layout.delimiter == BLANKS:
        piece = _BLANKS_OR_QUOTED.sub(lambda found: found[1] or b"\t", piece)
        piece = re.sub(rb"\t*\n\t*|\t+$", lambda found: b"\n" if b"\n" in found[0] else b"", piece).removeprefix(b"\t")
    elif layout.padded_quotes:
        between = re.escape(layout.delimiter.encode())
        piece = re.sub(rb"(^|" + between + rb') +(?=")', rb"\1", piece, flags=re.MULTILINE)
    return head + piece, ended


def _is_ipac(lines: list[str]) -> bool:
    """Names between bars at both ends, and rows without bars; lines that start with a backslash are keywords."""
    rest = [line for line in lines if line.strip() and not line.startswith("\\")]
    named = [line.rstrip() for line in rest[:4] if line.startswith("|")]
    if not named or not rest[0].startswith("|") or not all(line.endswith("|") for line in named):
        return False
    types = [one.strip() for one in named[1].strip("|").split("|")] if len(named) > 1 else []
    if types:
        return all(any(known.startswith(one) for known in _IPAC_TYPES) for one in types)
    row = next((line for line in rest if not line.startswith("|")), None)
    return row is not None and row.count("|") < named[0].count("|")


def _read_me(path: str) -> str | None:
    """The description of a CDS table that lies beside it, where it describes this file."""
    folder, name = os.path.split(path)
    name = os.path.splitext(name)[0] if name.lower().endswith(_ENDINGS) else name
    for one in _READ_ME:
        beside = os.path.join(folder, one)
        if one != name and os.path.isfile(beside):
            with open(beside, encoding="utf-8", errors="replace") as stream:
                text = stream.read(HEAD_BYTES)
            if re.search(rf"^ ?Byte-by-byte Description of file.*[\s:]{re.escape(name)}\b", text, re.MULTILINE):
                return beside
    return None


def _shown(lines: list[str]) -> str:
    first = next((line for line in lines if line.strip()), "")
    return f"{first[:60]!r}"

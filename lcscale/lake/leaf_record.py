"""What is known of a leaf without opening it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from lcscale.lake.pixel import Pixel


@dataclass(frozen=True)
class LeafRecord:
    """A leaf as its writer describes it: the ledger keeps it as JSON, the manifest as a row.

    Examples
    --------
    >>> record = LeafRecord(Pixel(1, 7), 3, 1024, "ab12", [50, 51], [1, 2])
    >>> LeafRecord.of(record.to_json() | {"stages": {"write": 0.1}}) == record
    True
    """

    pixel: Pixel
    """Its pixel."""
    rows: int
    """Its rows; 0 where nothing is left of a partition, and there is no file."""
    bytes: int
    """Size of the file."""
    digest: str
    """SHA-256 of the file, 32 digits; of others' leaves what stands for their content."""
    cells: Sequence[int] | None
    """Nested pixels of order 8 that hold rows of it; None in ledgers from before manifests."""
    cell_rows: Sequence[int] | None
    """How many each."""

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Self:
        """The leaf that a task's result describes; what the task says besides is left out."""
        rows, size, digest = (result[name] for name in ("rows", "bytes", "digest"))
        return cls(Pixel(*result["pixel"]), rows, size, digest, result.get("cells"), result.get("cell_rows"))

    def to_json(self) -> dict[str, Any]:
        """The result of the task that wrote it."""
        return {**vars(self), "pixel": list(self.pixel)}

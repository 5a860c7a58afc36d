"""Frame and epoch of a catalog's positions, as its columns' metadata and its properties tell them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from lcscale.crossmatch.motion import ProperMotion
from lcscale.crossmatch.options import MatchOptions
from lcscale.errors import InputError

EPOCH_COLUMN = "ref_epoch"
"""Column in which Gaia and others give the epoch of each row's position, Julian years."""

_EPOCH_PROPERTIES = ("lcscale_epoch", "hats_coordinate_epoch", "obs_epoch")


@dataclass(frozen=True)
class Reference:
    """What a catalog says about its own positions."""

    name: str
    """What errors call the catalog."""
    schema: pa.Schema
    """Its schema; the metadata of the column of right ascension may hold `frame` and `epoch`."""
    ra: str
    """Column of right ascension."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """Its properties (``hats.properties``); `lcscale_epoch`, `hats_coordinate_epoch` or `obs_epoch` is looked for."""
    row_epoch: float | None = None
    """The value its column `ref_epoch` holds, if it has one."""

    @property
    def frame(self) -> str | None:
        """Name of the frame, upper case, or None where nothing is said."""
        said = self._remark("frame")
        return said.upper() if said else None

    @property
    def epoch(self) -> float | None:
        """Julian year of the positions, or None where nothing is said."""
        said = self._remark("epoch") or next(
            (self.properties[k] for k in _EPOCH_PROPERTIES if k in self.properties), ""
        )
        found = re.fullmatch(r"[JB]?\s*(\d{4}(?:\.\d*)?)", said.strip())
        return float(found[1]) if found else self.row_epoch

    def _remark(self, key: str) -> str:
        if self.ra not in self.schema.names:
            return ""
        return ((self.schema.field(self.ra).metadata or {}).get(key.encode()) or b"").decode()


def asked_of_rows(options: MatchOptions, side: str) -> bool:
    """Whether the epoch of a side (`left`, `right`) matters and was not given."""
    motions = {"left": options.left_motion, "right": options.right_motion}
    own = motions.pop(side)
    if own is not None:
        return own.epoch is None
    return options.epoch is None and any(motions.values())


def row_epoch(table: pa.Table, name: str) -> float | None:
    """The one value of `ref_epoch` in the rows of `table`, or None where there is none; `InputError` if they differ."""
    if EPOCH_COLUMN not in table.column_names:
        return None
    values = table.column(EPOCH_COLUMN).drop_null().unique().to_pylist()
    if len(values) > 1:
        raise InputError(
            f"column {EPOCH_COLUMN!r} of {name} holds {min(values):g} and {max(values):g}; split the catalog by epoch, "
            "or give one with ProperMotion(epoch=...)"
        )
    return float(values[0]) if values else None


def referred(options: MatchOptions, left: Reference, right: Reference) -> MatchOptions:
    """`options` with the epochs filled in from the catalogs, after a look at their frames.

    A motion without `epoch` gets that of its catalog. Positions are compared at the epoch of the catalog that stands
    still, at the right one's if both move; where it is unknown it must be given.
    """
    if left.frame and right.frame and left.frame != right.frame:
        raise InputError(
            f"{left.ra!r} of {left.name} is in the frame {left.frame}, {right.ra!r} of {right.name} in {right.frame}: "
            "bring them to one frame when they are ingested"
        )
    left_motion, right_motion = _dated(options.left_motion, left), _dated(options.right_motion, right)
    epoch = options.epoch
    if epoch is None and (left_motion or right_motion):
        still, motion = (right, right_motion) if left_motion else (left, left_motion)
        epoch = motion.epoch if motion else still.epoch
        if epoch is None:
            raise InputError(
                f"proper motion needs epoch, the Julian year at which positions are compared: {still.name} does not "
                f"tell that of its column {still.ra!r} (2000.0 for 2MASS)"
            )
    return replace(options, epoch=epoch, left_motion=left_motion, right_motion=right_motion)


def _dated(motion: ProperMotion | None, reference: Reference) -> ProperMotion | None:
    if motion is None or motion.epoch is not None:
        return motion
    if reference.epoch is None:
        raise InputError(
            f"{reference.name} does not tell the epoch of its column {reference.ra!r} (no metadata 'epoch', no column "
            f"{EPOCH_COLUMN!r}): give ProperMotion(epoch=2016.0)"
        )
    return replace(motion, epoch=reference.epoch)

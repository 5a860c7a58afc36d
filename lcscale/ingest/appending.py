"""The catalog that an ingest adds to, and what each partition has to know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from lcscale.errors import ConflictError
from lcscale.ingest.grouping import reach_arcsec
from lcscale.ingest.leaves import Before
from lcscale.ingest.planning import schema_text
from lcscale.ingest.sources import Sources, read_sources
from lcscale.lake import Lake, Leaf, Pixel
from lcscale.lake.borders import ranges_around_pixel
from lcscale.lake.leaf_record import LeafRecord
from lcscale.lake.source import Source
from lcscale.surveys import Survey
from lcscale.vocabulary import HEALPIX

Move = tuple[Pixel, Pixel]
"""Partition that objects were in, and the one they are in now."""


@dataclass(frozen=True)
class Present:
    """The version that was published last; nothing where an ingest starts anew."""

    source: Source | None = None
    """The version."""
    sources: Sources = field(default_factory=Sources)
    """What it was made from."""
    leaves: Mapping[Pixel, Leaf] = field(default_factory=dict)
    """Its leaves."""
    records: Mapping[Pixel, LeafRecord] = field(default_factory=dict)
    """What is known of each."""

    @classmethod
    def in_lake(cls, lake: Lake, name: str, survey: Survey) -> Present:
        """What the lake has of `name`, for files of `survey` to be added to.

        Raises
        ------
        ConflictError
            Where the catalog has other columns of position, or partitions are missing in it: those who append take
            all that was read for being there.
        """
        source = lake[name].source
        if source.missing:
            raise ConflictError(
                f"cannot append to {name!r}: in its version {source.version} {len(source.missing)} partitions or files "
                f"are missing ({', '.join(source.missing[:3])}…); run the command that made it again, without --append"
            )
        if (source.ra, source.dec) != (survey.ra, survey.dec):
            raise ConflictError(
                f"cannot append to {name!r}: its coordinates are {source.ra}, {source.dec}, "
                f"those of the files {survey.ra}, {survey.dec}"
            )
        leaves = {leaf.pixel: leaf for leaf in source.leaves}
        return cls(source, read_sources(source.folder), leaves, source.records())

    @property
    def schema(self) -> str:
        """Its schema as text, or nothing: the index as ingest makes it, and no notes of other programs."""
        if self.source is None:
            return ""
        fields = {field.name: field for field in self.source.layout.stored} | {HEALPIX.name: HEALPIX.field}
        return schema_text(pa.schema(list(fields.values())))

    def before(self, pixel: Pixel, survey: Survey, came: Sequence[Pixel], went: Sequence[Pixel]) -> Before:
        """What matters of it to the partition `pixel`, for whose objects some `came` from others and some `went`."""
        if self.source is None:
            return Before()
        others = [self.leaves[old] for old in came] if survey.join_arcsec is not None else []
        if survey.join_arcsec:
            near = self.source.leaves.within(ranges_around_pixel(pixel, reach_arcsec(survey)))
            others = [leaf for leaf in self.source.leaves[near] if leaf.pixel != pixel]
        return Before(self.leaves.get(pixel), self.records.get(pixel), tuple(others), tuple(went))

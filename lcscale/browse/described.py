"""What answers hold, as the OpenAPI description tells it; tests compare it with what is answered."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Numbers = list[float | None]
Row = dict[str, Any]
"""Values of a row by the names of its columns."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LakeClass(_Answer):
    """A class of the taxonomy."""

    name: str
    title: str
    parent: str | None = Field(description="The class that it belongs to.")


class LakeNames(_Answer):
    """What the lake has."""

    lake: str = Field(description="Where it is.")
    catalogs: list[str]
    labels: list[str] = Field(description="Names of labels.")
    taxonomy: list[LakeClass]


class CatalogColumn(_Answer):
    """A column of a catalog."""

    name: str
    type: str
    number: bool
    unit: str
    description: str
    from_: str = Field(alias="from", description="Catalog that it is joined from; empty for the catalog's own.")


class CatalogVersion(_Answer):
    """A catalog as it is opened here."""

    name: str
    version: str = Field(description="The version opened.")
    current: str | None = Field(description="The version that is current now.")
    rows: int
    id_column: str = Field(description="Column of the objects' names.")
    ra: str = Field(description="Column of right ascensions, degrees.")
    dec: str = Field(description="Column of declinations, degrees.")
    columns: list[CatalogColumn]
    shown: list[str] = Field(description="Columns to show first.")
    classes: list[str]
    bands: list[str]
    light_curves: list[str] = Field(description="Catalogs and versions of the light curves.")
    no_light_curves: str = Field(description="Why there are none; empty where there are.")
    missing: list[str] = Field(description="Partitions that were set aside.")
    orders: list[str] = Field(description="Orders beside the columns.")


class Page(_Answer):
    """Rows in an order."""

    count: int = Field(description="Rows wanted in all.")
    at: int = Field(description="Place of the first row of the page.")
    rows: list[Row] = Field(description="Each with `row`, its number, and its columns.")


class NamedRows(_Answer):
    """Rows of objects by name."""

    count: int
    rows: list[Row]
    missing: list[str] = Field(description="Names that are not there.")


class Thumbnail(_Answer):
    """A small light curve."""

    points: list[int] = Field(description="Phase, brightness (0 bright, 255 faint) and band in turn.")
    bands: list[str]
    folded: bool = Field(description="Whether it is folded; else it is over time.")


class Counts(_Answer):
    """How many rows are wanted."""

    count: int = Field(description="Rows wanted.")
    of: int = Field(description="Rows of the catalog.")
    classes: dict[str, int] = Field(description="Rows wanted by class, whichever classes are chosen.")
    hidden: int = Field(description="Rows left out, as they are judged.")


class Histogram(_Answer):
    """Counts between edges."""

    counts: list[int]
    edges: list[float] = Field(description="One more than counts; log10 where `log`.")
    log: bool


class Density(_Answer):
    """Counts in the cells of two columns."""

    counts: list[list[int]] = Field(description="[bins of y][bins of x], from the lowest values up.")
    x: tuple[float, float] = Field(description="Limits; log10 where `log_x`.")
    y: tuple[float, float] = Field(description="Limits; log10 where `log_y`.")
    log_x: bool
    log_y: bool


class Sky(_Answer):
    """Rows in HEALPix cells."""

    order: int = Field(description="HEALPix order of the cells.")
    degrees: float = Field(description="Width of a cell.")
    ra: list[float] = Field(description="Centres, degrees.")
    dec: list[float] = Field(description="Centres, degrees.")
    rows: list[int]


class LightCurve(_Answer):
    """All observations of a star; lists are as long as `time`."""

    time: Numbers = Field(description="Days, as the catalog has them; see `time_scale`.")
    mag: Numbers
    mag_err: Numbers
    flux: Numbers | None = Field(description="In `unit`, where the catalog has fluxes.")
    flux_err: Numbers | None
    limit: Numbers | None = Field(description="AB magnitude that a flux below three errors is fainter than.")
    unit: str = Field(description="mag, or that of the fluxes.")
    band: list[int] = Field(description="Places in `bands`.")
    used: list[bool] = Field(description="Whether periods, features and classes are computed from it.")
    bands: list[str]
    system: str = Field(description="AB, Vega, …; empty where it is not known.")
    time_scale: str
    source: str = Field(description="Catalog and version.")
    phase_zero: str = Field(description="Where phase 0 of the rows is.")


class Peak(_Answer):
    """A peak of a periodogram."""

    frequency: float = Field(description="Cycles per day.")
    period: float = Field(description="Days.")
    power: float
    name: str = Field(description="What it is to the period asked for, or to how the survey observes.")


class Periodogram(_Answer):
    """Powers over frequency."""

    frequency: list[float] = Field(description="Cycles per day.")
    power: list[float] = Field(description="Lomb-Scargle, 0 to 1.")
    window: list[float] = Field(description="Of the times, 0 to 1.")
    peaks: list[Peak]
    baseline: float = Field(description="Days from the first observation to the last.")


class Archive(_Answer):
    """A page of an archive about a position."""

    name: str
    url: str


class Provenance(_Answer):
    """Where a row came from."""

    catalog: str = Field(description="Catalog and version.")
    made_from: list[str] = Field(description="Catalogs, versions and roles.")
    steps: str
    code: str = Field(description="Version of the code.")
    command: str = Field(description="Command that wrote the catalog; empty where it is not known.")
    show: str = Field(description="Command that draws the star.")


class Star(_Answer):
    """All that a row knows."""

    row: int
    object_id: str
    values: Row
    ra: float
    dec: float
    links: list[Archive]
    provenance: Provenance


class Neighbour(BaseModel):
    """An object near a star; what its catalog has of class, label, g_mag, period and name besides."""

    model_config = ConfigDict(extra="allow")

    catalog: str
    object_id: str | None
    separation_arcsec: float
    ra: float
    dec: float


class ByPeriod(_Answer):
    """Probabilities with a candidate period."""

    column: str
    period: float = Field(description="Days.")
    probabilities: dict[str, float]


class Told(_Answer):
    """A number that the network was told."""

    name: str
    value: float | None = Field(description="In standard deviations of the training set.")


class Sight(_Answer):
    """What a network saw of a star."""

    model: str
    trained_on: str = Field(description="real, simulated or mixed.")
    by_period: list[ByPeriod]
    numbers: list[Told]
    svg: str = Field(description="The images, and where the network found evidence for the class.")


class LabelRow(_Answer):
    """A label of an object."""

    object_id: str
    class_name: str | None = Field(alias="class")
    sure: bool
    period: float | None = Field(description="Days.")
    tags: str = Field(description="Between commas.")
    comment: str
    person: str
    ra: float | None
    dec: float | None
    catalog: str = Field(description="Catalog and version that was looked at.")
    class_given: str | None = Field(description="Class that stood there.")
    time: str = Field(description="When it arrived, UTC.")
    label_id: str
    withdrawn: str | None = Field(description="Label that this one takes back.")


class LabelRows(_Answer):
    """Labels of a name."""

    count: int
    labels: list[LabelRow]


class Undone(_Answer):
    """What counts after a label was taken back."""

    object_id: str
    label: LabelRow | None


class Change(_Answer):
    """A judged object whose class changed."""

    object_id: str
    label: str | None
    then: str | None = Field(description="Class when it was judged.")
    now: str | None


class Changes(_Answer):
    """How the classifier agrees with labels."""

    version: str
    judged: int
    agreed_then: int
    agree_now: int
    changed: list[Change]


class Taken(_Answer):
    """How many were taken."""

    count: int

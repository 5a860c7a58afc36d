"""What answers hold, as the OpenAPI description tells it; tests compare it with what is answered."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

Numbers = list[float | None]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


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

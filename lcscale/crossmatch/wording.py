"""Columns of motion and error as one text, as a command line or a configuration gives them."""

from __future__ import annotations

from lcscale.crossmatch.motion import ProperMotion
from lcscale.crossmatch.options import ErrorColumns
from lcscale.errors import InputError


def epoch_named(text: str | None) -> float | str | None:
    """A Julian year, or the column (with its unit, ``:jd`` or ``:mjd``) of epochs; None for None.

    Examples
    --------
    >>> epoch_named("2000"), epoch_named("date_obs:mjd")
    (2000.0, 'date_obs:mjd')
    """
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def motion_named(text: str | None, epoch: float | str | None = None) -> ProperMotion | None:
    """The proper motion in columns ``pmra,pmdec`` or ``pmra,pmdec,parallax,radial_velocity``; None for None.

    Examples
    --------
    >>> motion_named("pmRA,pmDE", 2016.0).columns
    ('pmRA', 'pmDE')
    """
    if text is None:
        return None
    columns = _columns(text)
    if len(columns) not in (2, 4):
        raise InputError(f"motion {text!r} is not pmra,pmdec or pmra,pmdec,parallax,radial_velocity")
    parallax, radial_velocity = columns[2:] or (None, None)
    return ProperMotion(epoch, columns[0], columns[1], parallax, radial_velocity)


def error_named(text: str | None) -> ErrorColumns | None:
    """The positional error in one column, or in those of an ellipse, ``major,minor,angle``; None for None."""
    if text is None:
        return None
    columns = _columns(text)
    if len(columns) == 1:
        return columns[0]
    if len(columns) == 3:
        major, minor, angle = columns
        return major, minor, angle
    raise InputError(f"error {text!r} is not one column or major,minor,angle")


def _columns(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]

"""`ProperMotion`: how the sources of a catalog move, and when they are where it says."""

from __future__ import annotations

from dataclasses import dataclass

from lcscale.arrays import options_in
from lcscale.crossmatch.epochs import MAX_YEARS, is_epoch
from lcscale.errors import InputError


@dataclass(frozen=True)
class ProperMotion:
    """Columns that say how the sources of one catalog move, and the epoch of its positions.

    Examples
    --------
    >>> ProperMotion(epoch=2016.0).columns
    ('pmra', 'pmdec')
    """

    epoch: float | str | None = None
    """Julian year of the catalog's positions: 2016.0 for Gaia DR3, 2015.5 for DR2; or the column that has it for each
    row (``ref_epoch``; ``name:jd`` and ``name:mjd`` for days); None takes what the catalog says."""
    pmra: str = "pmra"
    """Column of the proper motion in right ascension times cos dec, mas/yr."""
    pmdec: str = "pmdec"
    """Column of the proper motion in declination, mas/yr."""
    parallax: str | None = None
    """Column of the parallax, mas; with the radial velocity it gives the perspective acceleration."""
    radial_velocity: str | None = None
    """Column of the radial velocity, km/s."""
    max_arcsec_per_year: float = 10.5
    """Rows that claim to move faster are not moved: no star but Barnard's (10.4) comes near. Bounds border strips."""

    def __post_init__(self) -> None:
        options_in(self, max_arcsec_per_year="arcsec/yr")
        if not isinstance(self.epoch, str):
            options_in(self, epoch="yr")
        if not is_epoch(self.epoch):
            raise InputError(f"the epoch of a catalog must be a Julian year such as 2016.0, not {self.epoch!r}")
        if not 0.0 < self.max_arcsec_per_year <= 100.0:
            raise InputError(f"max_arcsec_per_year must be above 0 and at most 100, not {self.max_arcsec_per_year!r}")
        if (self.parallax is None) != (self.radial_velocity is None):
            raise InputError("parallax and radial_velocity act together: give both columns or neither")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns needed, in the order `propagate` takes them."""
        names = (self.pmra, self.pmdec, self.parallax, self.radial_velocity)
        return tuple(name for name in names if name is not None)

    def reach_arcsec(self, epoch: float | str | None) -> float:
        """How far a source may move until `epoch` at most; 0 while either is unknown."""
        if epoch is None or self.epoch is None:
            return 0.0
        columns = isinstance(epoch, str) or isinstance(self.epoch, str)
        return self.max_arcsec_per_year * (MAX_YEARS if columns else abs(float(epoch) - float(self.epoch)))

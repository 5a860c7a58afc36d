"""Training labels of one survey put onto the light curves of another."""

from __future__ import annotations

from typing import Unpack

from lcscale.crossmatch import MatchOptions
from lcscale.crossmatch.options import MatchFields
from lcscale.errors import InputError
from lcscale.lake import Catalog
from lcscale.lightcurves import declared_bands
from lcscale.products.observations import N_OBSERVATIONS, N_OBSERVATIONS_OF_BAND, CountObservations


def transfer_labels(
    catalog: Catalog,
    labelled: Catalog,
    *,
    label: str = "label",
    min_observations: int = 50,
    bands: tuple[str, ...] = (),
    **options: Unpack[MatchFields],
) -> Catalog:
    """The light curves of `catalog` with the labels that another survey gives the same stars; lazy.

    A label goes to one star and a star has one label: each is the other's nearest. OGLE's classes were put onto ZTF's
    stars so, by position and brightness (Szklenár et al. 2026, with at least 50 observations in each band).

    Parameters
    ----------
    catalog
        Catalog with light curves; with a column of its brightness, if that is compared.
    labelled
        Catalog with a column `label`.
    label
        Name of that column.
    min_observations
        Usable observations a star needs in each of `bands`, at least.
    bands
        The bands asked for; none given, the observations of all bands count together.
    options
        Fields of `lcscale.crossmatch.MatchOptions`: ``radius_arcsec`` (default 1), ``max_mag_difference``,
        ``left_mag``, ``right_mag``, motion, errors.

    Returns
    -------
    Catalog
        The columns of `catalog`, the numbers of observations, the label and ``separation_arcsec``; what
        ``right_mag`` reads comes along.

    Examples
    --------
    >>> transfer_labels(lake["ztf"], lake["ogle"], bands=("g", "r")).write("ztf_labelled")  # doctest: +SKIP
    """
    if label in catalog.column_names:
        raise InputError(f"transfer_labels: {catalog.name} has a column {label!r} of its own; leave it out first")
    counter = CountObservations.of(catalog.schema)
    known = counter.bands or declared_bands(catalog.schema, counter.column)
    unknown = [band for band in bands if band not in known]
    if unknown:
        raise InputError(f"transfer_labels: {catalog.name} has no band {', '.join(unknown)}; it has {', '.join(known)}")
    needed = MatchOptions(**options).columns_needed("right")
    right = labelled.columns(label, *needed)
    options["mutual"] = True
    pairs = catalog.crossmatch(right, **options).map(counter)
    counts = [N_OBSERVATIONS_OF_BAND.of(band).name for band in bands] if counter.bands else []
    enough = " and ".join(f"`{name}` >= {min_observations}" for name in counts or [N_OBSERVATIONS.name])
    return pairs.where(f"is_valid(`{label}`) and {enough}")

"""`yso_candidates`: every source of a joined catalog with its probability of being a young stellar object."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.crossmatch import ProperMotion
from lcscale.errors import InputError
from lcscale.lake import HEALPIX_COLUMN, Catalog
from lcscale.products.counterparts import OF_DEFINITION, match_alerts, separation_column
from lcscale.products.definitions import AtLeast
from lcscale.products.outburst_columns import COLUMNS as OUTBURSTS
from lcscale.products.yso.classify import DEFAULT_MODEL, ClassifyYSO
from lcscale.products.yso.columns import AGREEMENT, CLASS, CLASSIFIED, IDS, declared, find_columns, quantities
from lcscale.products.yso.labels import CLASSES
from lcscale.products.yso.photometry import PROBLEMS, Photometry
from lcscale.steps import Declared
from lcscale.surveys.planck import SampleMap
from lcscale.vocabulary import Column, append_columns, schema_of

TAU = 1.3e-5
"""Planck dust optical depth (353 GHz) from which on there may be young stars (Marton et al. 2019)."""
TWOMASS_EPOCH, ALLWISE_EPOCH = 2000.0, 2010.5
"""Julian years that positions of 2MASS and AllWISE are of, on average."""


@dataclass(frozen=True)
class Agreement(Declared):
    """Step that says which sources known catalogs of young stars have: `known_yso`, and `unique_to_us` where none has.

    Parameters
    ----------
    names
        Of the catalogs; the columns ``separation_<name>_arcsec`` are read.
    """

    names: tuple[str, ...]
    version = 1

    @property
    def reads(self) -> tuple[Column, ...]:
        """The separations and the class."""
        return (*map(OF_DEFINITION.of, self.names), CLASS)

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """What catalogs know."""
        return AGREEMENT

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with their agreement; `known_yso` names the catalogs, null where none has the source."""
        found = [table.column(separation_column(name)).is_valid().to_numpy() for name in self.names]
        known = [
            ", ".join(name for name, here in zip(self.names, row, strict=True) if here)
            for row in zip(*found, strict=True)
        ]
        nowhere = np.array([not each for each in known], np.bool_)
        young = pc.equal(table.column("class"), "YSO")
        unique = pc.and_(pc.fill_null(young, False), pa.array(nowhere)).combine_chunks()
        new = pa.Table.from_arrays([pa.array(known, mask=nowhere), unique], schema=schema_of(AGREEMENT))
        return append_columns(table, new)


def join_surveys(
    gaia: Catalog,
    twomass: Catalog | None = None,
    allwise: Catalog | None = None,
    *,
    gaia_epoch: float | None = None,
    radius_arcsec: tuple[float, float] = (1.5, 2.0),
) -> Catalog:
    """Gaia's sources with their nearest neighbours in 2MASS and AllWISE, moved to the epochs of each; lazy.

    Parameters
    ----------
    gaia, twomass, allwise
        Catalogs with the columns of the archives or VizieR's.
    gaia_epoch
        Julian year of Gaia's positions, where the catalog does not tell it (2016.0 in DR3).
    radius_arcsec
        Largest separations in 2MASS and AllWISE.

    Returns
    -------
    Catalog
        All of Gaia's rows; ``separation_twomass_arcsec`` and ``separation_allwise_arcsec`` where there is a neighbour.
    """
    found = find_columns(gaia.schema)
    missing = [name for name in ("pmra", "pmdec") if name not in found]
    if missing:
        raise InputError(f"{gaia.name}: no proper motion ({', '.join(missing)}), without which 2MASS would be missed")
    motion = ProperMotion(epoch=gaia_epoch, pmra=found["pmra"], pmdec=found["pmdec"])
    joined = gaia
    sides = (
        (twomass, TWOMASS_EPOCH, "_2mass", radius_arcsec[0]),
        (allwise, ALLWISE_EPOCH, "_allwise", radius_arcsec[1]),
    )
    gaias = {name for names in declared()["gaia"]["columns"].values() for name in names} - set(gaia.column_names)
    for right, epoch, suffix, radius in sides:
        if right is not None:
            right = right.without(*(name for name in right.column_names if name in gaias))  # AllWISE has a pmra too
            joined = joined.crossmatch(
                right, radius_arcsec=radius, how="left", left_motion=motion, epoch=epoch, suffix=suffix
            )
    return joined


def yso_candidates(
    catalog: Catalog,
    model: str | os.PathLike[str] = DEFAULT_MODEL,
    *,
    known: Mapping[str, Catalog] | None = None,
    known_radius_arcsec: float = 1.0,
    tau: float | None = TAU,
    dust_map: str | os.PathLike[str] | None = None,
    prevalence: Mapping[str, float] | None = None,
    columns: Mapping[str, str] | None = None,
    outbursts: Catalog | None = None,
    outburst_radius_arcsec: float = 1.5,
    keep: Sequence[str] = (),
) -> Catalog:
    """Candidates for young stellar objects: one row a source, with the probabilities of four classes; lazy.

    ``yso_candidates(join_surveys(gaia, twomass, allwise)).write("yso_candidates")`` is the job.

    Parameters
    ----------
    catalog
        Photometry and astrometry of Gaia, 2MASS, AllWISE, joined (see `join_surveys`); and the further features, of
        light curves say, that the model was trained with (`Catalog.join`).
    model
        Name of a shipped model, or the folder of one.
    known
        Catalogs of known young stars by name, with which the candidates are compared.
    known_radius_arcsec
        Largest distance of a source from its counterpart there.
    tau
        Sources at a dust optical depth below it are left out, where the catalog has a column `tau`; None keeps all.
    dust_map
        FITS file of Planck's map of the dust optical depth at 353 GHz, from which `tau` is taken at each position.
    prevalence
        Shares of the four classes among the sources (`lcscale.products.yso.CLASSES`); None: equally frequent.
    columns
        Columns of the catalog by our names (`columns.toml`), where it calls them otherwise.
    outbursts
        What light curves of the same sky tell (`lcscale.products.find_outbursts`): amplitude, Q, M and the largest
        outburst stand beside the sources that have one. They do not change the probabilities.
    outburst_radius_arcsec
        Largest distance of a source from its light curve.
    keep
        Further columns to carry along; not of the names that the measurements get.

    Returns
    -------
    Catalog
        Position, ids in the surveys, `tau`, `SY`, `LY`, `R`, `branch`, `class`, ``prob_<class>``, `in_training`,
        `known_yso`, `unique_to_us` (with `known`), the columns of `Outbursts` (with `outbursts`),
        `photometry_problems`, `reason`, `model_id`, `trained_on`.
    """
    measured = [name for name in keep if name in quantities()]
    if measured:
        raise InputError(f"keep: {', '.join(measured)} are names of checked measurements; keep columns of other names")
    of_curves: tuple[str, ...] = ()
    if outbursts is not None:
        catalog, of_curves = _with_outbursts(catalog, outbursts, outburst_radius_arcsec)
    position = (catalog.source.ra, catalog.source.dec)
    step = ClassifyYSO(position, os.fspath(model), None if prevalence is None else _shares(prevalence))
    further = [name for name in step.optional_columns if name in catalog.column_names and name not in quantities()]
    kept = tuple(dict.fromkeys((HEALPIX_COLUMN, *position, *keep, *of_curves, *further)))
    if dust_map is not None:
        catalog = catalog.map(SampleMap(os.fspath(dust_map), "tau", ra=position[0], dec=position[1]))
    found = find_columns(catalog.schema, columns)
    found = {name: column for name, column in found.items() if name not in kept}
    chosen = catalog.map(Photometry(tuple(found.items()), kept))
    if tau is not None and "tau" in chosen.column_names:
        chosen = chosen.map(AtLeast("tau", tau))
    names = tuple(known or {})
    if known:
        chosen = match_alerts(chosen, dict(known), radius_arcsec=known_radius_arcsec)
    chosen = chosen.map(step)
    if known:
        chosen = chosen.map(Agreement(names))
    *ours, reason, model_id, trained_on = (column.name for column in CLASSIFIED)
    agreement = (*(column.name for column in AGREEMENT), *(separation_column(name) for name in names)) if known else ()
    fixed = (*IDS, *keep, "tau", *ours, *agreement, *of_curves, PROBLEMS, reason, model_id, trained_on)
    return chosen.columns(*(name for name in dict.fromkeys(fixed) if name in chosen.column_names))


def _with_outbursts(catalog: Catalog, outbursts: Catalog, radius_arcsec: float) -> tuple[Catalog, tuple[str, ...]]:
    """The sources with what light curves tell of them, and the names of the columns that this is."""
    names = tuple(column.name for column in OUTBURSTS if column.name in outbursts.column_names)
    if not names:
        raise InputError(f"{outbursts.name} has no columns of outbursts; give a catalog that lcscale outbursts made")
    twice = [name for name in names if name in catalog.column_names]
    if twice:
        raise InputError(f"{catalog.name} has {', '.join(twice)} already")
    right = outbursts.columns(*names)
    return catalog.crossmatch(right, radius_arcsec=radius_arcsec, how="left", suffix="_light_curve"), names


def _shares(prevalence: Mapping[str, float]) -> tuple[float, ...]:
    if set(prevalence) != set(CLASSES):
        raise InputError(f"prevalence must name the classes {', '.join(CLASSES)}; got {', '.join(prevalence)}")
    return tuple(float(prevalence[name]) for name in CLASSES)

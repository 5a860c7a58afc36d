"""`lcscale crossmatch`: two catalogs joined by position."""

from __future__ import annotations

from typing import Annotated

import typer

from lcscale import options
from lcscale.cli.options import (
    EngineOption,
    LakeOption,
    MaxFailedOption,
    NameOption,
    ReplaceOption,
    find_catalog,
    finish,
    open_lake,
)

_EPOCH = "Julian year, or column (of Julian years or dates; of days with :jd or :mjd behind it),"
MotionOption = Annotated[
    str | None, typer.Option(help="Columns of its proper motion, pmra,pmdec or pmra,pmdec,parallax,radial_velocity.")
]
ErrorOption = Annotated[
    str | None, typer.Option(help="Column of its positional error (arcsec), or major,minor,angle of its ellipse.")
]


def crossmatch(
    left: Annotated[str, typer.Argument(help=options.LEFT.about, show_default=False)],
    right: Annotated[str, typer.Argument(help=options.RIGHT.about)],
    lake: LakeOption,
    name: NameOption,
    engine: EngineOption = None,
    max_failed: MaxFailedOption = "0",
    replace: ReplaceOption = False,
    radius_arcsec: Annotated[float, typer.Option(help=options.RADIUS_ARCSEC.about)] = options.RADIUS_ARCSEC.default,
    n_neighbors: Annotated[int, typer.Option(help=options.N_NEIGHBORS.about)] = options.N_NEIGHBORS.default,
    how: Annotated[str, typer.Option(help=options.HOW.about)] = options.HOW.default,
    mutual: Annotated[bool, typer.Option("--mutual", help="One-to-one: each the other's nearest.")] = False,
    suffix: Annotated[
        str | None, typer.Option(help="Appended to names of RIGHT that LEFT has too.", show_default="_2, _3 …")
    ] = None,
    left_motion: MotionOption = None,
    right_motion: MotionOption = None,
    left_epoch: Annotated[str | None, typer.Option(help=f"{_EPOCH} of LEFT, if it does not tell it.")] = None,
    right_epoch: Annotated[str | None, typer.Option(help=f"{_EPOCH} of RIGHT, if it does not tell it.")] = None,
    epoch: Annotated[str | None, typer.Option(help=f"{_EPOCH} at which moving positions are compared.")] = None,
    n_sigma: Annotated[float | None, typer.Option(help="Largest separation in combined positional errors.")] = None,
    left_error: ErrorOption = None,
    right_error: ErrorOption = None,
    max_mag_difference: Annotated[
        float | None, typer.Option(help="Largest difference of --left-mag and --right-mag.")
    ] = None,
    left_mag: Annotated[str | None, typer.Option(help="Column of LEFT, or arithmetic over its columns.")] = None,
    right_mag: Annotated[str | None, typer.Option(help="Column of RIGHT, or arithmetic over its columns.")] = None,
    where: Annotated[
        str | None, typer.Option(help="Condition on the joined row, such as 'bp_rp > 1' or 'id in @ids.csv'.")
    ] = None,
    chance_probability: Annotated[
        bool, typer.Option("--chance-probability", help="Append the probability of a chance match.")
    ] = False,
    association: Annotated[bool, typer.Option("--association", help="Write ids and separation only.")] = False,
    left_id: Annotated[str | None, typer.Option(help="Column of LEFT's ids, for --association.")] = None,
    right_id: Annotated[str | None, typer.Option(help="Column of RIGHT's ids, for --association.")] = None,
) -> None:
    """Join two catalogs by position, exactly, and write the pairs."""
    from lcscale.crossmatch.wording import epoch_named, error_named, motion_named
    from lcscale.engine import read_max_failed
    from lcscale.expressions import condition

    allowed, place = read_max_failed(max_failed), open_lake(lake)
    left_catalog = place[left]
    if "lightcurve" in left_catalog.column_names:
        left_catalog = left_catalog.without("lightcurve")
    right_catalog = find_catalog(place, right)
    if "lightcurve" in right_catalog.column_names:
        right_catalog = right_catalog.without("lightcurve")
    pairs = left_catalog.crossmatch(
        right_catalog,
        radius_arcsec=radius_arcsec,
        n_neighbors=n_neighbors or None,
        how=how,
        mutual=mutual,
        suffix=suffix,
        left_motion=motion_named(left_motion, epoch_named(left_epoch)),
        right_motion=motion_named(right_motion, epoch_named(right_epoch)),
        epoch=epoch_named(epoch),
        n_sigma=n_sigma,
        left_error=error_named(left_error),
        right_error=error_named(right_error),
        max_mag_difference=max_mag_difference,
        left_mag=left_mag,
        right_mag=right_mag,
        where=condition(where) if where else None,
        chance_probability=chance_probability,
        association=association,
        left_id=left_id,
        right_id=right_id,
    )
    record = pairs.write(name, lake=place, engine=engine, progress=True, max_failed=allowed, replace=replace)
    finish(record)

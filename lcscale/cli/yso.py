"""`lcscale yso`: candidates for young stellar objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lcscale import options
from lcscale.cli.options import (
    EngineOption,
    LakeOption,
    MaxFailedOption,
    NameOption,
    PrevalenceOption,
    ReplaceOption,
    find_catalog,
    finish,
    open_lake,
    read_shares,
)
from lcscale.cli.outbursts import tell_outbursts

if TYPE_CHECKING:
    from lcscale.lake import Catalog


def yso(
    gaia: Annotated[str, typer.Argument(help=options.GAIA.about, show_default=False)],
    lake: LakeOption,
    twomass: Annotated[str | None, typer.Option(help=options.TWOMASS.about)] = options.TWOMASS.default,
    allwise: Annotated[str | None, typer.Option(help=options.ALLWISE.about)] = options.ALLWISE.default,
    known: Annotated[list[str] | None, typer.Option(help=options.KNOWN.about)] = None,
    name: NameOption = "yso_candidates",
    model: Annotated[str, typer.Option("--model", help=options.MODEL.about)] = "yso",
    outbursts: Annotated[str | None, typer.Option(help=options.OUTBURSTS.about)] = options.OUTBURSTS.default,
    tau: Annotated[float, typer.Option(help=options.TAU.about)] = options.TAU.default,
    dust_map: Annotated[str | None, typer.Option(help=options.DUST_MAP.about)] = options.DUST_MAP.default,
    prevalence: PrevalenceOption = None,
    gaia_epoch: Annotated[float | None, typer.Option(help=options.GAIA_EPOCH.about)] = options.GAIA_EPOCH.default,
    engine: EngineOption = None,
    max_failed: MaxFailedOption = "0",
    replace: ReplaceOption = False,
) -> None:
    """Give every source its probability of being a young star, and three other classes theirs."""
    from lcscale.engine import read_max_failed
    from lcscale.products import join_surveys, yso_candidates

    allowed, place = read_max_failed(max_failed), open_lake(lake)
    source = find_catalog(place, gaia)
    if twomass is not None or allwise is not None:
        sides = (None if each is None else find_catalog(place, each) for each in (twomass, allwise))
        source = join_surveys(source, *sides, gaia_epoch=gaia_epoch)
    catalogs = {each: find_catalog(place, each) for each in known or ()}
    shares, curves = read_shares(prevalence), None if outbursts is None else find_catalog(place, outbursts)
    candidates = yso_candidates(
        source, model, known=catalogs, tau=tau or None, dust_map=dust_map, prevalence=shares, outbursts=curves
    )
    record = candidates.write(name, lake=place, engine=engine, progress=True, max_failed=allowed, replace=replace)
    if not record.withheld:
        _tell(place[name], prevalence)
        if outbursts is not None:
            tell_outbursts(place[name], "no light curve, or too few visits")
    finish(record)


def _tell(catalog: Catalog, prevalence: str | None) -> None:
    """How many sources are of which class, and what was wrong with measurements."""
    from lcscale.products.yso import count_candidates

    counts = count_candidates(catalog)
    print(", ".join(f"{what}: {count:,}" for what, count in counts.classes.items()))
    known = f"; known: {counts.known:,}" if counts.known else ""
    print(f"  YSO at P >= 0.9, classes taken as {prevalence or 'equally frequent'}: {counts.sure:,}{known}")
    for what, count in counts.problems.items():
        print(f"  not taken: {what}: {count:,}")

"""Links from a position to the archives where people go on."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode


@dataclass(frozen=True)
class Link:
    """A page of an archive."""

    name: str
    """Of the archive."""
    url: str
    """Its page of the position."""


def links_to(ra: float, dec: float, radius_arcsec: float = 5.0) -> list[Link]:
    """Pages of archives about a position in degrees; nothing is asked of them before somebody clicks.

    Examples
    --------
    >>> links_to(83.82, -5.39)[0].url
    'https://simbad.cds.unistra.fr/simbad/sim-coo?Coord=83.820000-05.390000&Radius=5&Radius.unit=arcsec'
    """
    at, signed, r = f"{ra:.6f} {dec:.6f}", f"{ra:.6f}{dec:+010.6f}", f"{radius_arcsec:g}"
    gaia = (
        "SELECT * FROM gaiadr3.gaia_source WHERE 1 = CONTAINS(POINT(ra, dec), "
        f"CIRCLE({ra:.6f}, {dec:.6f}, {radius_arcsec / 3600:.6f}))"
    )
    pages = {
        "SIMBAD": "https://simbad.cds.unistra.fr/simbad/sim-coo?"
        + urlencode({"Coord": signed, "Radius": r, "Radius.unit": "arcsec"}, safe="+"),
        "VizieR": "https://vizier.cds.unistra.fr/viz-bin/VizieR?" + urlencode({"-c": at, "-c.rs": r}),
        "Gaia": "https://gea.esac.esa.int/tap-server/tap/sync?"
        + urlencode({"REQUEST": "doQuery", "LANG": "ADQL", "FORMAT": "csv", "QUERY": gaia}),
        "VSX": "https://vsx.aavso.org/index.php?"
        + urlencode({"view": "results.get", "coords": at, "format": "d", "size": r, "unit": "3"}),
        "SNAD": f"https://ztf.snad.space/search/{quote(at)}/{r}",
        "ALeRCE": "https://alerce.online/?" + urlencode({"ra": f"{ra:.6f}", "dec": f"{dec:.6f}", "radius": r}),
        "Fink": "https://fink-portal.org/?" + urlencode({"action": "conesearch", "ra": ra, "dec": dec, "radius": r}),
        "Lasair": "https://lasair-ztf.lsst.ac.uk/conesearch/?" + urlencode({"cone": f"{at} {r}"}),
        "TNS": "https://www.wis-tns.org/search?"
        + urlencode({"ra": f"{ra:.6f}", "decl": f"{dec:.6f}", "radius": r, "coords_unit": "arcsec"}),
        "ESASky": "https://sky.esa.int/?" + urlencode({"target": at, "fov": "0.05", "sci": "true"}),
        "Aladin Lite": "https://aladin.cds.unistra.fr/AladinLite/?" + urlencode({"target": at, "fov": "0.05"}),
    }
    return [Link(name, url) for name, url in pages.items()]

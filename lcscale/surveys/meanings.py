"""What the columns that surveys bring mean: units, UCDs and descriptions, where their files do not say so themselves.

Names, units and meanings are those of the releases' documentation; UCDs are words of UCD1+ 1.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pyarrow as pa

from lcscale.lightcurves.columns import LIGHT_CURVE
from lcscale.surveys.release import Survey
from lcscale.vocabulary import DEC, NAME, RA, Column

_OPTICAL = "phot.mag;em.opt"
_INFRARED = {"j": "em.IR.J", "h": "em.IR.H", "k": "em.IR.K"}
_WISE = {"w1": "em.IR.3-4um", "w2": "em.IR.4-8um", "w3": "em.IR.8-15um", "w4": "em.IR.15-30um"}

IDENTITY = Column("object_id", pa.string(), "", "meta.id;meta.main", "Name of the object in its survey.")
LABEL = Column("label", pa.string(), "", "src.class", "Class that the survey gave.")


def _brought(name: str, unit: str, ucd: str, about: str) -> Column:
    """A column of a survey, whose type is what its files have."""
    return Column(name, pa.null(), unit, ucd, about)


def _galactic() -> Iterable[Column]:
    yield _brought("glon", "deg", "pos.galactic.lon", "Galactic longitude.")
    yield _brought("glat", "deg", "pos.galactic.lat", "Galactic latitude.")


def _with_error(name: str, error: str, unit: str, ucd: str, about: str) -> tuple[Column, Column]:
    """A measurement and its error."""
    return _brought(name, unit, ucd, about), _brought(error, unit, f"stat.error;{ucd}", f"1-sigma error of {name}.")


def _gaia() -> Iterable[Column]:
    yield _brought("ref_epoch", "yr", "meta.ref;time.epoch", "Epoch of position and motion, Julian year.")
    yield _brought("ra_error", "mas", "stat.error;pos.eq.ra", "1-sigma error of ra times cos dec.")
    yield _brought("dec_error", "mas", "stat.error;pos.eq.dec", "1-sigma error of dec.")
    yield from _with_error("parallax", "parallax_error", "mas", "pos.parallax.trig", "Parallax.")
    yield from _with_error("pmra", "pmra_error", "mas/yr", "pos.pm;pos.eq.ra", "Proper motion in ra times cos dec.")
    yield from _with_error("pmdec", "pmdec_error", "mas/yr", "pos.pm;pos.eq.dec", "Proper motion in dec.")
    yield _brought("ruwe", "", "stat.error", "Renormalised unit weight error of the astrometric solution.")
    for band, word in (("g", "em.opt"), ("bp", "em.opt.B"), ("rp", "em.opt.R")):
        yield _brought(f"phot_{band}_mean_mag", "mag", f"phot.mag;{word}", f"Mean magnitude in {band.upper()}, Vega.")
        yield _brought(f"phot_{band}_n_obs", "", "meta.number", f"Observations in {band.upper()}.")
    yield _brought("bp_rp", "mag", "phot.color;em.opt.B;em.opt.R", "Colour BP - RP.")
    speed = "spect.dopplerVeloc.opt;em.opt.I"
    yield from _with_error("radial_velocity", "radial_velocity_error", "km/s", speed, "Radial velocity.")
    yield _brought("l", "deg", "pos.galactic.lon", "Galactic longitude.")
    yield _brought("b", "deg", "pos.galactic.lat", "Galactic latitude.")


def _twomass() -> Iterable[Column]:
    for axis, about in (("maj", "Major"), ("min", "Minor")):
        word = f"phys.angSize.s{axis}Axis;pos.errorEllipse"
        yield _brought(f"err_{axis}", "arcsec", word, f"{about} axis of the error ellipse of position.")
    yield _brought("err_ang", "deg", "pos.posAng;pos.errorEllipse", "Its position angle, east of north.")
    yield _brought("designation", "", "meta.id", "Name by position, as 2MASS J…")
    for band, word in _INFRARED.items():
        magnitude = f"phot.mag;{word}"
        yield from _with_error(f"{band}_m", f"{band}_cmsig", "mag", magnitude, f"Default magnitude in {band.upper()}.")
        yield _brought(f"{band}_msigcom", "mag", f"stat.error;{magnitude}", f"Total error of {band}_m.")
        yield _brought(f"{band}_snr", "", f"stat.snr;{word}", f"Signal to noise of {band}_m.")
    yield _brought("ph_qual", "", "meta.code.qual;phot", "Quality of the photometry, a letter a band.")
    yield _brought("cc_flg", "", "meta.code", "Contamination and confusion, a character a band.")
    yield _brought("date", "", "time.epoch", "Date of the scan, UT.")
    yield _brought("jdate", "d", "time.epoch", "Julian date of the scan.")
    yield from _galactic()


def _allwise() -> Iterable[Column]:
    yield _brought("designation", "", "meta.id", "Name by position, as J…")
    yield _brought("sigra", "arcsec", "stat.error;pos.eq.ra", "1-sigma error of ra times cos dec.")
    yield _brought("sigdec", "arcsec", "stat.error;pos.eq.dec", "1-sigma error of dec.")
    for band, word in _WISE.items():
        magnitude = f"phot.mag;{word}"
        yield from _with_error(f"{band}mpro", f"{band}sigmpro", "mag", magnitude, f"Profile-fit magnitude in {band}.")
        yield _brought(f"{band}snr", "", f"stat.snr;{word}", f"Signal to noise of {band}mpro.")
        yield _brought(f"{band}rchi2", "", "stat.fit.chi2", f"Reduced chi-square of the profile fit in {band}.")
    yield from _with_error("pmra", "sigpmra", "mas/yr", "pos.pm;pos.eq.ra", "Apparent motion in ra, with parallax.")
    yield from _with_error("pmdec", "sigpmdec", "mas/yr", "pos.pm;pos.eq.dec", "Apparent motion in dec, with parallax.")
    yield _brought("cc_flags", "", "meta.code", "Contamination and confusion, a character a band.")
    yield _brought("ext_flg", "", "meta.code;src.morph", "Whether the source is extended.")
    yield _brought("var_flg", "", "meta.code;src.var", "Probability of flux variation, a digit a band.")
    yield _brought("ph_qual", "", "meta.code.qual;phot", "Quality of the photometry, a letter a band.")
    yield from _galactic()


def _gaia_alerts() -> Iterable[Column]:
    yield _brought("Date", "", "time.epoch;obs", "Time of the observation that raised the alert, UTC.")
    yield _brought("AlertMag", "mag", _OPTICAL, "Magnitude in G when the alert was raised.")
    yield _brought("HistoricMag", "mag", f"{_OPTICAL};stat.mean", "Mean magnitude in G before it.")
    yield _brought("HistoricStdDev", "mag", f"stat.stdev;{_OPTICAL}", "Standard deviation of the magnitudes before it.")
    yield _brought("Published", "", "time.release", "When the alert was published, UTC.")
    yield _brought("Comment", "", "meta.note", "What people said of it.")
    yield _brought("TNSid", "", "meta.id.assoc", "Name in the Transient Name Server.")


def _crts() -> Iterable[Column]:
    """Catalina's lists of the north (`cat_` columns) and of the south."""
    yield _brought("nobs", "", "meta.number;obs", "Observations in V_CSS.")
    yield _brought("npts", "", "meta.number;obs", "Observations in V_CSS.")
    yield _brought("sep", "arcsec", "pos.angDistance", "Separation from the entry of the catalogue.")
    yield _brought("cat_period", "d", "time.period;src.var", "Period of the catalogue.")
    yield _brought("cat_cls", "", "src.class", "Class of the catalogue, with those above it.")
    yield _brought("cat_name", "", "meta.id.assoc", "Name in the catalogue.")
    yield _brought("period", "d", "time.period;src.var", "Period that the survey gave.")
    yield _brought("V", "mag", "phot.mag;em.opt.V;stat.mean", "Mean magnitude in V_CSS.")
    yield _brought("amp", "mag", "src.var.amplitude;em.opt.V", "Amplitude in V_CSS.")
    yield _brought("type", "", "meta.code.class;src.class", "Number of the class.")
    yield _brought("prior_id", "", "meta.id.assoc", "Name in earlier lists.")


def _eros2() -> Iterable[Column]:
    yield _brought("patch_id", "", "meta.id;obs.field", "Number of the patch of sky.")
    yield _brought("period", "d", "time.period;src.var", "Period of the survey's search, to be divided by div_period.")
    yield _brought("frequency", "1/d", "arith.rate;src.var", "Inverse of period.")
    yield _brought("div_period", "", "arith.factor", "What period is divided by for that of the star.")
    yield _brought("log_p_not_variable", "", "stat.probability", "Logarithm of the chance that it does not vary.")
    yield _brought("quality", "", "meta.code.qual", "Quality of the class.")
    for band, name in (("b", "B_EROS"), ("r", "R_EROS")):
        yield _brought(f"star_id_{band}", "", "meta.id.part", f"Number of the star in the patch, in {name}.")
        yield _brought(f"magnitude_{band}", "mag", f"{_OPTICAL};stat.mean", f"Mean magnitude in {name}.")
        yield _brought(f"num_points_good_{band}", "", "meta.number;obs", f"Good observations in {name}.")


OF_SURVEYS: Mapping[str, tuple[Column, ...]] = {
    "gaia": tuple(_gaia()),
    "twomass": tuple(_twomass()),
    "allwise": tuple(_allwise()),
    "gaia_alerts": tuple(_gaia_alerts()),
    "crts": tuple(_crts()),
    "eros2": tuple(_eros2()),
    "ztf": (_brought("members", "", "meta.id.assoc", "ZTF's ids of the star, with position and median magnitude."),),
    "ogle": (
        _brought("collection", "", "meta.dataset", "Collection of variable stars that the star is of."),
        _brought("other_names", "", "meta.id.assoc", "Names in the earlier phases of OGLE and in other lists."),
    ),
}
"""Columns that adapters bring beside names, positions, classes and light curves, by the adapter's name."""


def with_meanings(schema: pa.Schema, survey: Survey) -> pa.Schema:
    """`schema` of a table of `survey` with what is known of its columns; what the files say of them stays.

    Examples
    --------
    >>> from lcscale.surveys import get
    >>> with_meanings(pa.schema([("AlertMag", pa.float32())]), get("gaia_alerts")).field(0).metadata
    {b'unit': b'mag', b'ucd': b'phot.mag;em.opt', b'description': b'Magnitude in G when the alert was raised.'}
    """
    known = {column.name: column for column in (LABEL, NAME, LIGHT_CURVE, *OF_SURVEYS.get(survey.name, ()))}
    known |= {survey.ra: replace(RA, name=survey.ra), survey.dec: replace(DEC, name=survey.dec)}
    if survey.identity is not None:
        known[survey.identity] = replace(IDENTITY, name=survey.identity)
    fields = [_with(field, known[field.name]) if field.name in known else field for field in schema]
    return pa.schema(fields, schema.metadata)


def _with(field: pa.Field, column: Column) -> pa.Field:
    return field.with_metadata({**(column.field.metadata or {}), **(field.metadata or {})})

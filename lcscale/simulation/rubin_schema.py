"""Tables of Rubin's Data Preview 1 as the simulation writes them: names and types of the columns (schema 1.3.1)."""

from __future__ import annotations

import pyarrow as pa

BANDS = ("g", "r", "u", "i", "z", "y")
"""In the order of the columns of DiaObject."""
_KINDS = {"long": pa.int64(), "int": pa.int32(), "short": pa.int16(), "double": pa.float64(), "float": pa.float32()}
_KINDS |= {"char": pa.string(), "boolean": pa.bool_(), "timestamp": pa.timestamp("ns")}


def _fields(text: str) -> list[pa.Field]:
    """Fields from lines of a type and the names of neighbouring columns that have it."""
    rows = (line.split() for line in text.strip().splitlines())
    return [pa.field(name, _KINDS[kind]) for kind, *names in rows for name in names]


_STATISTICS = _fields("""
    double psfFluxLinearSlope psfFluxLinearIntercept
    float psfFluxMAD
    double psfFluxMaxSlope
    float psfFluxErrMean
    double psfFluxMean psfFluxMeanErr psfFluxNdata scienceFluxMean scienceFluxMeanErr psfFluxMin psfFluxMax
    double psfFluxPercentile05 psfFluxPercentile25 psfFluxPercentile50 psfFluxPercentile75 psfFluxPercentile95
    double psfFluxSigma scienceFluxSigma
    float psfFluxSkew psfFluxChi2
    double psfFluxStetsonJ
""")

DIA_OBJECT = pa.schema(
    [
        *_fields("""
            double ra dec
            long nDiaSources
            double radecMjdTai
        """),
        *(field.with_name(f"{band}_{field.name}") for band in BANDS for field in _STATISTICS),
        pa.field("diaObjectId", pa.int64()),
    ]
)
"""Table DiaObject."""

_PIXEL_FLAGS = """
    boolean pixelFlags_bad pixelFlags_cr pixelFlags_crCenter pixelFlags_edge pixelFlags_interpolated
    boolean pixelFlags_interpolatedCenter pixelFlags_nodata pixelFlags_saturated pixelFlags_saturatedCenter
    boolean pixelFlags_suspect pixelFlags_suspectCenter invalidPsfFlag
"""

FORCED_SOURCE_ON_DIA_OBJECT = pa.schema(
    _fields(f"""
    long diaObjectId parentObjectId
    double coord_ra coord_dec
    long visit
    int detector
    char band
    float psfFlux psfFluxErr
    boolean psfFlux_flag
    float psfDiffFlux psfDiffFluxErr
    boolean psfDiffFlux_flag diff_PixelFlags_nodataCenter
    {_PIXEL_FLAGS.strip()}
    long tract patch
""")
)
"""Table ForcedSourceOnDiaObject; it has no times."""

DIA_SOURCE = pa.schema(
    _fields("""
    long visit detector
    char band
    long diaObjectId ssObjectId parentDiaSourceId
    double midpointMjdTai
    long bboxSize
    timestamp time_processed
    double ra dec
    float raErr decErr ra_dec_Cov
    double x y
    float xErr yErr apFlux apFluxErr
    double snr
    float psfFlux psfFluxErr psfChi2
    int psfNdata
    float trailFlux
    double trailRa trailDec trailLength trailAngle dipoleMeanFlux dipoleMeanFluxErr dipoleFluxDiff dipoleFluxDiffErr
    double dipoleLength dipoleAngle dipoleChi2
    boolean isDipole dipoleFitAttempted
    long dipoleNdata
    float scienceFlux scienceFluxErr
    double ixx iyy ixy ixxPSF iyyPSF ixyPSF extendedness
    float reliability
    boolean pixelFlags pixelFlags_offimage pixelFlags_edge pixelFlags_interpolated pixelFlags_saturated pixelFlags_cr
    boolean pixelFlags_bad pixelFlags_suspect pixelFlags_interpolatedCenter pixelFlags_saturatedCenter
    boolean pixelFlags_crCenter pixelFlags_suspectCenter centroid_flag apFlux_flag apFlux_flag_apertureTruncated
    boolean psfFlux_flag psfFlux_flag_noGoodPixels psfFlux_flag_edge forced_PsfFlux_flag
    boolean forced_PsfFlux_flag_noGoodPixels forced_PsfFlux_flag_edge shape_flag shape_flag_no_pixels
    boolean shape_flag_not_contained shape_flag_parent_source trail_flag_edge pixelFlags_streak
    boolean pixelFlags_streakCenter pixelFlags_injected pixelFlags_injectedCenter pixelFlags_injected_template
    boolean pixelFlags_injected_templateCenter pixelFlags_nodata pixelFlags_nodataCenter
    double coord_ra coord_dec
    long diaSourceId
""")
)
"""Table DiaSource."""

VISIT = pa.schema(
    _fields("""
    long visit
    char physical_filter band
    double ra dec skyRotation azimuth altitude zenithDistance airmass expTime
    timestamp expMidpt
    double expMidptMJD
    timestamp obsStart
    double obsStartMJD
""")
)
"""Table Visit."""


def _lists(fields: list[pa.Field]) -> pa.StructType:
    return pa.struct([pa.field(field.name, pa.list_(field.type)) for field in fields])


_WIDE = {"midpointMjdTai", "ra", "dec", "coord_ra", "coord_dec", "x", "y"}
"""Columns that stay double in nested catalogs."""


def _nested(table: pa.Schema, further: str) -> pa.StructType:
    own = [field for field in table if field.name != "diaObjectId"]
    narrow = {pa.float64(): pa.float32()}
    kinds = [field.type if field.name in _WIDE else narrow.get(field.type, field.type) for field in own]
    kinds = [pa.int16() if field.name == "detector" else kind for field, kind in zip(own, kinds, strict=True)]
    own = [field.with_type(kind) for field, kind in zip(own, kinds, strict=True)]
    return _lists([*own, *_fields(further)])


NESTED = pa.schema(
    [
        *_fields("long diaObjectId\ndouble ra dec\nlong nDiaSources\ndouble radecMjdTai\nlong tract"),
        pa.field("diaSource", _nested(DIA_SOURCE, "long tract\nfloat psfMag psfMagErr scienceMag scienceMagErr")),
        pa.field(
            "diaObjectForcedSource",
            _nested(
                FORCED_SOURCE_ON_DIA_OBJECT,
                "long forcedSourceOnDiaObjectId\nfloat psfMag psfMagErr\ndouble midpointMjdTai",
            ),
        ),
    ]
)
"""Catalog of DiaObjects with nested light curves, as LINCC's HATS collection has it (without the statistics)."""

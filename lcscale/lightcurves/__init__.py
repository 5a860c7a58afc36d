"""Light curves as ragged batches: the form every kernel works on."""

from lcscale.lightcurves.appending import append_columns, appended_schema
from lcscale.lightcurves.batch import LIGHTCURVE_TYPE, LightCurves
from lcscale.lightcurves.cleaning import MIN_OBSERVATIONS, usable

__all__ = ["LIGHTCURVE_TYPE", "MIN_OBSERVATIONS", "LightCurves", "append_columns", "appended_schema", "usable"]

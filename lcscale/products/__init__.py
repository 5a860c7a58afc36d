"""The tables the mission asks for: variable-star candidates, alert statistics."""

from lcscale.products.alert_tables import check_statistics
from lcscale.products.alerts import alert_statistics
from lcscale.products.alerts_spark import alert_statistics_spark
from lcscale.products.counterparts import match_alerts
from lcscale.products.definitions import Near, OfClass, definition_of
from lcscale.products.labels import transfer_labels
from lcscale.products.outbursts import find_outbursts
from lcscale.products.rrlyrae import rrlyrae_metallicities
from lcscale.products.shares import yso_share
from lcscale.products.variables import variable_candidates
from lcscale.products.yso import join_surveys, yso_candidates

__all__ = [
    "Near",
    "OfClass",
    "alert_statistics",
    "alert_statistics_spark",
    "check_statistics",
    "definition_of",
    "find_outbursts",
    "join_surveys",
    "match_alerts",
    "rrlyrae_metallicities",
    "transfer_labels",
    "variable_candidates",
    "yso_candidates",
    "yso_share",
]

"""Alert statistics with Spark SQL: one query over the Parquet files of an alert archive, the same rows as with Dask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from lcscale.engine import EngineSpec
from lcscale.errors import QuarantineError
from lcscale.lake import Catalog
from lcscale.products.alerts import Key, Keys, grouping, matched_alerts, tabulate
from lcscale.products.counterparts import separation_column
from lcscale.products.definitions import Definition, Near, as_definitions

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_FORMATS = {"year": "yyyy", "month": "yyyy-MM", "night": "yyyy-MM-dd"}
_NONE = "CAST(NULL AS STRING)"


def alert_statistics_spark(
    alerts: Catalog,
    yso: Catalog | Mapping[str, Catalog | Definition],
    spark: SparkSession,
    *,
    by: str | Sequence[str] = "year",
    radius_arcsec: float = 2.0,
    time: str = "Date",
    label: str = "label",
    matched: str = "alerts_counted",
    engine: EngineSpec = "spark",
) -> pa.Table:
    """What `alert_statistics` gives, counted by Spark SQL.

    Parameters
    ----------
    alerts, yso, by, radius_arcsec, time, label
        As `lcscale.products.alert_statistics` has them.
    spark
        Session that runs the query; its time zone is set to UTC.
    matched
        Catalog of the alerts' lake that is written in between: the alerts with their separations.
    engine
        Where alerts are matched.

    Raises
    ------
    QuarantineError
        A partition could not be matched: a statistic without it would be wrong.
    """
    definitions = as_definitions(yso)
    keys = grouping(by, time, label)
    joined = matched_alerts(alerts, definitions, keys, radius_arcsec)
    record = joined.write(matched, engine=engine, progress=False, replace=True)  # made in between, for these lists
    if record.quarantined:
        raise QuarantineError(f"alert statistics: {matched}: {record.withheld}")
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    spark.read.parquet(f"{alerts.entries}/{matched}/{record.version}/dataset").createOrReplaceTempView("alerts")
    n_alerts: Counter[Key] = Counter()
    n_yso: Counter[tuple[str, Key]] = Counter()
    for row in spark.sql(query(keys, definitions, joined.schema)).collect():
        key = (row["period"], row["class"])
        n_alerts[key] = row["n_alerts"]
        for name in definitions:
            n_yso[name, key] = row[f"n_{name}"]
    return tabulate(n_alerts, n_yso, definitions, radius_arcsec, by, keys, alerts)


def query(keys: Keys, definitions: Mapping[str, Definition], schema: pa.Schema) -> str:
    """The SQL statement over the view ``alerts``: alerts, and YSOs of each definition, by period and class.

    Parameters
    ----------
    keys
        What alerts are counted by.
    definitions
        What a YSO is, by name.
    schema
        Of the view.
    """
    time, period, label = keys
    chosen = f"date_format({_timestamp(time, schema)}, '{_FORMATS[period]}')" if time and period else _NONE
    counts = [f"count_if({_is_yso(name, each)}) AS {_quoted(f'n_{name}')}" for name, each in definitions.items()]
    columns = [f"{chosen} AS period", f"{_quoted(label) if label else _NONE} AS class", "count(*) AS n_alerts", *counts]
    places = "1, 2"  # the view may have columns of these names, which would be taken instead
    return f"SELECT {', '.join(columns)} FROM alerts GROUP BY {places}"


def _timestamp(time: str, schema: pa.Schema) -> str:
    """The time as a timestamp; numbers are days, MJD or JD, to the nearest second."""
    kind, column = schema.field(time).type, _quoted(time)
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
        return column
    days = f"(CASE WHEN {column} > 2400000.5 THEN {column} - 2400000.5 ELSE {column} END)"
    return f"timestamp_seconds(CAST(rint(({days} - 40587) * 86400) AS BIGINT))"


def _is_yso(name: str, definition: Definition) -> str:
    if isinstance(definition, Near):
        return f"{_quoted(separation_column(name))} IS NOT NULL"
    words = ", ".join("'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'" for word in definition.labels)
    return f"{_quoted(definition.column)} IN ({words})"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"

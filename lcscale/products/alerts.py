"""Alert statistics: how many alerts there are, and how many of them are young stellar objects, by time and class."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.engine import EngineSpec, Shared, Task, resolve
from lcscale.errors import InputError, QuarantineError
from lcscale.lake import Catalog, Leaf
from lcscale.lake.partition import PartitionPlan
from lcscale.products.counterparts import match_alerts, separation_column
from lcscale.products.definitions import Definition, Near, OfClass, as_definitions, catalog_version
from lcscale.products.shares import yso_share
from lcscale.vocabulary import Column

PERIODS = {"year": ("year", "%Y"), "month": ("month", "%Y-%m"), "night": ("day", "%Y-%m-%d")}
"""Periods of time, with Arrow's unit and how their labels are written."""
BY = (*PERIODS, "class")
"""What alerts can be counted by."""

STATISTICS_VERSION = 1
"""Raised when the same alerts would give other statistics: tables of before are then out of date."""

_MAKER = "lcscale.products"
_TEXT, _NUMBER, _SHARE = pa.string(), pa.int64(), pa.float64()
STATISTICS = (
    Column("by", _TEXT, "", "meta.note", "What the alerts are counted by.", _MAKER),
    Column("period", _TEXT, "", "time.epoch;obs", "Year, month or night of the alerts.", _MAKER),
    Column("class", _TEXT, "", "src.class", "Class that the survey gave the alerts.", _MAKER),
    Column("n_alerts", _NUMBER, "", "meta.number", "Alerts.", _MAKER),
    Column("n_yso", _NUMBER, "", "meta.number", "Alerts at young stellar objects.", _MAKER),
    Column("percentage", _SHARE, "%", "stat.value", "Share of alerts at young stellar objects.", _MAKER),
    Column("low", _SHARE, "%", "stat.confidenceLevel;stat.min", "Lower end of its 95 % interval (Wilson).", _MAKER),
    Column("high", _SHARE, "%", "stat.confidenceLevel;stat.max", "Upper end of its 95 % interval.", _MAKER),
    Column("definition", _TEXT, "", "meta.id", "What counts as a young stellar object.", _MAKER),
    Column("meaning", _TEXT, "", "meta.note", "The definition in words.", _MAKER),
    Column("time", _TEXT, "", "meta.note", "Which time of the alerts counts.", _MAKER),
    Column("alerts_version", _TEXT, "", "meta.version", "Catalog of the alerts and its version.", _MAKER),
    Column("yso_version", _TEXT, "", "meta.version", "Catalog of the young stars and its version.", _MAKER),
)
"""Columns of `alert_statistics`."""
_ALWAYS = {"by", "n_alerts", "n_yso", "definition", "meaning", "alerts_version"}
STATISTICS_SCHEMA = pa.schema([each.field.with_nullable(each.name not in _ALWAYS) for each in STATISTICS])
"""Their schema."""

Key = tuple[str | None, str | None]
"""Period and class of a row."""
Keys = tuple[str | None, str | None, str | None]
"""Column of the time, the period, column of the class; None where alerts are not counted by it."""


def alert_statistics(
    alerts: Catalog,
    yso: Catalog | Mapping[str, Catalog | Definition],
    *,
    by: str | Sequence[str] = "year",
    radius_arcsec: float = 2.0,
    time: str = "Date",
    label: str = "label",
    engine: EngineSpec = None,
) -> pa.Table:
    """Count alerts, and those that are young stellar objects, by period, by class, and by what a YSO is taken to be.

    Parameters
    ----------
    alerts
        Catalog of alerts, one row an alert.
    yso
        A catalog of young stellar objects, or definitions by name: catalogs, `Near` (own candidates above a
        probability) and `OfClass` (the survey's own word).
    by
        One of ``year``, ``month``, ``night``, ``class``, or a period and ``class``. A night is a UTC calendar day.
    radius_arcsec
        An alert is at a source of a catalog when one lies within this distance.
    time
        Column with the time that puts an alert in its period: a timestamp, a date, or days (MJD or JD).
    label
        Column with the alert's class.
    engine
        See `lcscale.engine.resolve`.

    Returns
    -------
    pyarrow.Table
        A row for every definition, period and class that has alerts (`STATISTICS_SCHEMA`): percentage and its 95 %
        Wilson interval (percent), what the definition means, and the versions of the catalogs counted. Alerts without
        a time or a class stand in rows of their own, with nulls.

    Raises
    ------
    QuarantineError
        A partition could not be counted: a statistic without it would be wrong.
    """
    definitions = as_definitions(yso)
    keys = grouping(by, time, label)
    matched = matched_alerts(alerts, definitions, keys, radius_arcsec)
    n_alerts, n_yso = _count(matched, definitions, keys, engine)
    return tabulate(n_alerts, n_yso, definitions, radius_arcsec, by, keys, alerts)


def matched_alerts(alerts: Catalog, definitions: Mapping[str, Definition], keys: Keys, radius_arcsec: float) -> Catalog:
    """The columns of the alerts that are counted by, and the separations of `match_alerts`."""
    wanted = [name for name in (keys[0], keys[2]) if name is not None]
    wanted += [each.column for each in definitions.values() if isinstance(each, OfClass)]
    return match_alerts(alerts.columns(*dict.fromkeys(wanted)), definitions, radius_arcsec=radius_arcsec)


def tabulate(
    n_alerts: Mapping[Key, int],
    n_yso: Mapping[tuple[str, Key], int],
    definitions: Mapping[str, Definition],
    radius_arcsec: float,
    by: str | Sequence[str],
    keys: Keys,
    alerts: Catalog,
) -> pa.Table:
    """The rows of `alert_statistics` for these counts of `alerts`, made `by` the columns `keys`."""
    fixed = {"by": ", ".join(_as_tuple(by)), "time": keys[0], "alerts_version": catalog_version(alerts)}
    rows = []
    for name, definition in definitions.items():
        for key in sorted(n_alerts, key=lambda key: [(part is None, part or "") for part in key]):
            row = {"period": key[0], "class": key[1], "n_alerts": n_alerts[key], "n_yso": n_yso[name, key], **fixed}
            row |= {"definition": name, "meaning": definition.meaning(radius_arcsec)}
            rows.append(row | {"yso_version": definition.source_version})
    return _with_shares(rows)


def _as_tuple(by: str | Sequence[str]) -> tuple[str, ...]:
    return (by,) if isinstance(by, str) else tuple(by)


def grouping(by: str | Sequence[str], time: str, label: str) -> Keys:
    """Column of the time, period and column of the class that alerts are counted by; None for what does not matter."""
    names = _as_tuple(by)
    periods = [name for name in names if name in PERIODS]
    if not names or set(names) - set(BY) or len(periods) > 1 or len(set(names)) < len(names):
        raise InputError(f"by must be one of {', '.join(BY)}, or one period and 'class'; got {by!r}")
    return (time, periods[0], label if "class" in names else None) if periods else (None, None, label)


def _with_shares(rows: list[dict[str, Any]]) -> pa.Table:
    shares = yso_share(np.array([row["n_alerts"] for row in rows]), np.array([row["n_yso"] for row in rows]))
    for name, values in zip(("percentage", "low", "high"), shares, strict=True):
        for row, value in zip(rows, values, strict=True):
            row[name] = float(value)
    return pa.Table.from_pylist(rows, schema=STATISTICS_SCHEMA)


def _count(
    matched: Catalog,
    definitions: Mapping[str, Definition],
    keys: tuple[str | None, str | None, str | None],
    engine: EngineSpec,
) -> tuple[Counter[Key], Counter[tuple[str, Key]]]:
    """Alerts by key, and YSOs by definition and key, counted partition by partition on the engine."""
    flags = {name: _flag(name, definition) for name, definition in definitions.items()}
    what = f"{matched.source.url}|{matched.steps_fingerprint()}|{keys!r}|{flags!r}"
    digest = hashlib.blake2b(what.encode(), digest_size=12).hexdigest()
    plan = Shared(digest, matched.plan())
    tasks = (
        Task(f"{digest}-{leaf.pixel}", count_partition, (leaf, plan, keys, flags), f"{matched.name} {leaf.pixel}")
        for leaf in matched.partitions
    )
    n_alerts: Counter[Key] = Counter()
    n_yso: Counter[tuple[str, Key]] = Counter()
    chosen = resolve(engine)
    try:
        for outcome in chosen.outcomes(tasks, retries=2):
            if outcome.error is not None:
                raise QuarantineError(f"alert statistics: {outcome.label} could not be counted: {outcome.error}")
            for period, label, total, parts in outcome.result["counts"]:
                n_alerts[period, label] += total
                for name, part in parts.items():
                    n_yso[name, (period, label)] += part
    finally:
        if chosen is not engine:
            chosen.close()
    return n_alerts, n_yso


def _flag(name: str, definition: Definition) -> tuple[str, tuple[str, ...] | None]:
    """Column that tells a YSO, and the values that mean it (None: any value)."""
    if isinstance(definition, Near):
        return separation_column(name), None
    return definition.column, definition.labels


def count_partition(
    leaf: Leaf,
    plan: PartitionPlan,
    keys: Keys,
    flags: Mapping[str, tuple[str, tuple[str, ...] | None]],
) -> dict[str, Any]:
    """The task: ``counts`` of one partition, a list of (period, class, alerts, YSOs by definition)."""
    time, period, label = keys
    total: Counter[Key] = Counter()
    parts: dict[str, Counter[Key]] = {name: Counter() for name in flags}
    for table in plan.tables(leaf):
        periods = period_labels(table.column(time), period).to_pylist() if time and period else [None] * len(table)
        labels = table.column(label).to_pylist() if label else [None] * len(table)
        rows = list(zip(periods, labels, strict=True))
        total.update(rows)
        for name, (column, values) in flags.items():
            found = table.column(column)
            is_yso = pc.is_valid(found) if values is None else pc.is_in(found, pa.array(values, found.type))
            parts[name].update(row for row, yes in zip(rows, is_yso.to_pylist(), strict=True) if yes)
    counts = [[*key, n, {name: parts[name][key] for name in flags}] for key, n in total.items()]
    return {"rows": sum(total.values()), "counts": counts}


def period_labels(times: pa.ChunkedArray, period: str) -> pa.ChunkedArray:
    """Label of the period each time lies in: 2019, 2019-03 or 2019-03-21.

    Examples
    --------
    >>> period_labels(pa.chunked_array([[58563.9, 2458564.4, None]]), "month").to_pylist()
    ['2019-03', '2019-03', None]
    """
    if pa.types.is_floating(times.type) or pa.types.is_integer(times.type):
        days = times.cast(pa.float64()).to_numpy(zero_copy_only=False)
        days = np.where(days > 2_400_000.5, days - 2_400_000.5, days)
        unix = np.round((days - 40_587.0) * 86_400.0)
        seconds = np.where(np.isfinite(unix), unix, 0).astype(np.int64)
        times = pa.chunked_array([pa.array(seconds, pa.timestamp("s"), mask=~np.isfinite(unix))])
    elif not (pa.types.is_timestamp(times.type) or pa.types.is_date(times.type)):
        raise InputError(f"the time of an alert must be a timestamp, a date or days (MJD, JD), not {times.type}")
    unit, form = PERIODS[period]
    return pc.strftime(pc.floor_temporal(times.cast(pa.timestamp("s"), safe=False), unit=unit), format=form)

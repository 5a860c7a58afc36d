"""The report's section on alert statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lcscale.explore.page import details, figure, heading, table
from lcscale.explore.plots import Rate, alert_rates

_OPEN_ROWS = 20
_MOST_ROWS = 120
_MOST_PERIODS = 400


def alert_section(name: str, statistics: pa.Table) -> str:
    """Plots and tables of a table of alert statistics, one for every way of counting in it."""
    rows = statistics.to_pylist()
    text = ""
    for by in dict.fromkeys(str(row.get("by", "period")) for row in rows):
        chosen = [row for row in rows if str(row.get("by", "period")) == by]
        text += heading(f"{name}, by {by}")
        text += _plot(name, by, chosen) + _table(chosen, largest_first="class" in by)
    return text


def _key(row: dict[str, Any]) -> str:
    parts = [str(row[each]) for each in ("period", "class") if row.get(each) is not None]
    return ", ".join(parts)


def _plot(name: str, by: str, rows: list[dict[str, Any]]) -> str:
    """Rates over the periods, where there are periods and not too many to tell apart."""
    rates = []
    for definition in dict.fromkeys(row["definition"] for row in rows):
        shown = [row for row in rows if row["definition"] == definition and _key(row) and row["percentage"] is not None]
        values = [np.array([row[each] for row in shown], np.float64) for each in ("percentage", "low", "high")]
        n_alerts = np.array([row["n_alerts"] for row in shown], np.int64)
        rates.append(Rate(definition, [_key(row) for row in shown], n_alerts, *values))
    n_periods = len({period for rate in rates for period in rate.periods})
    if n_periods < 2 or n_periods > _MOST_PERIODS or "class" in by:
        return ""
    meanings = dict.fromkeys(f"{row['definition']}: {row.get('meaning') or 'see the table'}" for row in rows)
    caption = (
        f"Share of young stellar objects among the alerts of each {by}, with the 95 % score interval of Wilson (1927). "
        f"{'; '.join(meanings)}. From the table {name}; {_versions(rows)}."
    )
    return figure(alert_rates(rates, f"alerts {name} {by}"), caption)


def _versions(rows: list[dict[str, Any]]) -> str:
    names = [row.get(key) for row in rows for key in ("alerts_version", "yso_version")]
    return "counted in " + ", ".join(dict.fromkeys(str(each) for each in names if each is not None))


def _table(rows: list[dict[str, Any]], largest_first: bool) -> str:
    """One row a period, with the YSOs of each definition side by side; classes with the most alerts first."""
    definitions = list(dict.fromkeys(row["definition"] for row in rows))
    lines: dict[str, list[Any]] = {}
    for row in rows:
        line = lines.setdefault(
            _key(row) or "not given", [_key(row) or "not given", row["n_alerts"], *[None] * 2 * len(definitions)]
        )
        place = 2 + 2 * definitions.index(row["definition"])
        line[place : place + 2] = [row["n_yso"], _share(row)]
    headings = ["", "alerts"]
    for definition in definitions:
        headings += [definition, "% (95 % interval)"]
    shown = sorted(lines.values(), key=lambda line: -line[1]) if largest_first else list(lines.values())
    if len(shown) <= _OPEN_ROWS:
        return table(headings, shown)
    if largest_first:
        rest = details(f"All {len(shown):,} rows", table(headings, shown))
        return table(headings, shown[:_OPEN_ROWS], "Those with the most alerts.") + rest
    if len(shown) <= _MOST_ROWS:
        return details(f"The {len(shown)} rows", table(headings, shown))
    return details(f"The last {_MOST_ROWS} of {len(shown):,} rows", table(headings, shown[-_MOST_ROWS:]))


def _share(row: dict[str, Any]) -> str:
    if row["percentage"] is None:
        return ""
    return f"{row['percentage']:.2f} ({row['low']:.2f}–{row['high']:.2f})"

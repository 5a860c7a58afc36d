"""Conditions and arithmetic on rows, written as text, computed as SQL does in double precision.

The grammar, loosest first; words are recognised in any case:

- ``or``; ``and``; ``not`` (three-valued logic: null is unknown);
- comparisons ``== = != <> < <= > >=``, which may be chained (``0 < x <= 1``), ``in (…)``, ``in @list``,
  ``between a and b``, ``like 'NGC%'``, ``ilike``, ``is null``, each but the last with ``not`` before it, and
  ``is not null``;
- ``|``, ``&`` (or, and); ``+ -``; ``* /``; signs and ``~`` (not); ``**``;
- numbers, ``'texts'``, ``true``, ``false``, ``null``, columns, Arrow's functions of single rows by their names. A
  column whose name is no identifier stands in backticks.

Arithmetic is computed in float64 whatever the columns' types are, so that small integers do not wrap and ``/`` is true
division; whole numbers are exact up to 2^53. Comparisons of whole numbers are exact. A denominator of zero gives null.
NaN is a value, not null, as in numpy: it is unequal to everything, itself included, and no comparison but ``!=`` holds
for it; ``is_nan(x)`` asks for it.
"""

from lcscale.expressions.evaluation import holds, values
from lcscale.expressions.grammar import names_in
from lcscale.expressions.lists import Condition, Listed, ValueList, condition

__all__ = ["Condition", "Listed", "ValueList", "condition", "holds", "names_in", "values"]

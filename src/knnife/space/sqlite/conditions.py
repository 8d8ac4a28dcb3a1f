"""One condition on a thing, as SQL: what a comparison means, and how conditions are joined.

User text never becomes SQL: values are bound, names are checked and quoted.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NamedTuple

from knnife.errors import BadFilter


class Condition(NamedTuple):
    """A filter as SQL over the columns of `things`, with its parameters and the metadata fields that it asks."""

    sql: str
    parameters: tuple[Any, ...]
    fields: frozenset[str]


def column(field: str) -> str:
    """The SQL expression for a field. The same text every time, so that an index on it is found."""
    if field in ("id", "part_of"):
        return field
    if not field or any(c in '"\\`' or ord(c) < 32 for c in field):
        raise BadFilter(f"field {field!r}: a name may not be empty nor hold quotes, backslashes or control characters")
    return "json_extract(about, '$.\"{}\"')".format(field.replace("'", "''"))


def compare(field: str, operator: str, value: Any) -> Condition:
    """`field operator value`; raises BadFilter for values that cannot be compared so."""
    expression = column(field)
    fields = frozenset() if field in ("id", "part_of") else frozenset([field])
    if operator in ("in", "not in"):
        values = json.dumps([_value(field, v) for v in _listed(field, value)])
        sql = f"{expression} IN (SELECT value FROM json_each(?))"
        return negate(Condition(sql, (values,), fields), operator == "not in")
    bound = _value(field, value)
    if operator == "has":
        path = "'$.\"{}\"'".format(field.replace("'", "''"))
        inside = f"json_each(about, {path})" if fields else f"(SELECT {expression} AS value)"
        return Condition(f"EXISTS (SELECT 1 FROM {inside} WHERE value = ?)", (bound,), fields)
    if operator == "contains":
        if not isinstance(bound, str):
            raise BadFilter(f"{field} contains {value!r}: expected a text")
        escaped = re.sub(r"([\\%_])", r"\\\1", bound)
        return Condition(f"{expression} LIKE ? ESCAPE '\\'", (f"%{escaped}%",), fields)
    if operator in ("=", "!="):
        sql = f"{expression} IS ?" if bound is None else f"{expression} = ?"
        return negate(Condition(sql, (bound,), fields), operator == "!=")
    if bound is None:
        raise BadFilter(f"{field} {operator} null: only = and != compare with null")
    # SQLite sorts every number before every text: the second half keeps each to its own kind, and to the index.
    if isinstance(bound, str):
        guard = f" AND {expression} >= ''" if operator.startswith("<") else ""
    else:
        guard = f" AND {expression} < ''" if operator.startswith(">") else ""
    return Condition(f"({expression} {operator} ?{guard})", (bound,), fields)


def holds(field: str) -> Condition:
    """The field is there, and neither false, 0 nor empty."""
    expression = column(field)
    return Condition(f"({expression} IS NOT NULL AND {expression} NOT IN (0, ''))", (), frozenset([field]))


def negate(condition: Condition, really: bool = True) -> Condition:
    """Not so, or (unless `really`) the condition itself."""
    if not really:
        return condition
    return condition._replace(sql=f"NOT coalesce({condition.sql}, 0)")  # unknown counts as not so


def join(conditions: list[Condition], word: str) -> Condition:
    """All of them ("AND"), or any ("OR")."""
    if not conditions:
        raise BadFilter("expected a value or {operator: value}, got {}")
    if len(conditions) == 1:
        return conditions[0]
    return Condition(
        "(" + f" {word} ".join(c.sql for c in conditions) + ")",
        tuple(p for c in conditions for p in c.parameters),
        frozenset().union(*(c.fields for c in conditions)),
    )


def _value(field: str, value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else float(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise BadFilter(f"{field}: cannot compare with {value!r}; expected text, a finite number, true, false or null")


def _listed(field: str, value: Any) -> list[Any]:
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    raise BadFilter(f"{field} in {value!r}: expected a list of values")

"""As much of PromQL as the alert rules and the dashboard speak, over series that a test gives.

Where Prometheus extrapolates to the edges of a range we do not; no rule here hangs on that.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import promql_parser
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    Matcher,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    VectorSelector,
)

Labels = frozenset[tuple[str, str]]
Point = tuple[float, float]
Vector = dict[Labels, float]
Ranges = dict[Labels, list[Point]]

COMPARED: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}
AGGREGATED: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": sum,
    "max": max,
    "min": min,
    "count": len,
}
OVER_TIME: dict[str, Callable[[list[Point]], float]] = {
    "increase": lambda points: points[-1][1] - points[0][1],
    "rate": lambda points: (points[-1][1] - points[0][1]) / (points[-1][0] - points[0][0]),
    "delta": lambda points: points[-1][1] - points[0][1],
    "deriv": lambda points: (points[-1][1] - points[0][1]) / (points[-1][0] - points[0][0]),
    "changes": lambda points: sum(one[1] != other[1] for one, other in pairwise(points)),
    "min_over_time": lambda points: min(value for _, value in points),
}
MATCHED: dict[str, Callable[[str, str], bool]] = {
    "Equal": operator.eq,
    "NotEqual": operator.ne,
    "Re": lambda value, pattern: re.fullmatch(pattern, value) is not None,
}


class Series:
    """Samples a minute apart, the last of them now; None where there was none."""

    def __init__(self, given: Mapping[str, Sequence[float | None]]) -> None:
        self._ranges: dict[str, Ranges] = {}
        for text, values in given.items():
            selector = promql_parser.parse(text)
            labels = frozenset((m.name, m.value) for m in selector.matchers.matchers)
            ago = range(60 * (len(values) - 1), -60, -60)
            points = [(-float(s), v) for s, v in zip(ago, values, strict=True) if v is not None]
            self._ranges.setdefault(selector.name, {})[labels] = points

    def evaluate(self, expression: str) -> Vector:
        """What an alert's expression gives now; empty: it does not fire."""
        return self._vector(promql_parser.parse(expression))

    def _vector(self, node: Expr) -> Vector:
        match node:
            case ParenExpr():
                return self._vector(node.expr)
            case VectorSelector():
                return {of: points[-1][1] for of, points in self._select(node, 300).items()}
            case Call() if node.func.name == "absent":
                found = self._vector(node.args[0])
                return {} if found else {frozenset(): 1.0}
            case Call() if node.func.name == "histogram_quantile":
                part, buckets = node.args
                assert isinstance(part, NumberLiteral)
                return _quantile(part.val, self._vector(buckets))
            case Call():
                (asked,) = node.args
                assert isinstance(asked, MatrixSelector)
                ranges = self._select(asked.vector_selector, asked.range.total_seconds())
                measure = OVER_TIME[node.func.name]
                return {of: measure(points) for of, points in ranges.items() if len(points) > 1}
            case AggregateExpr():
                return self._aggregate(node)
            case BinaryExpr():
                return self._binary(node)
        raise NotImplementedError(node)

    def _select(self, node: VectorSelector, seconds: float) -> Ranges:
        found = {}
        for of, points in self._ranges.get(node.name, {}).items():
            recent = [point for point in points if point[0] > -seconds]
            if recent and all(_matches(matcher, dict(of)) for matcher in node.matchers.matchers):
                found[of] = recent
        return found

    def _aggregate(self, node: AggregateExpr) -> Vector:
        by = node.modifier.labels if node.modifier else []
        groups: dict[Labels, list[float]] = {}
        for of, value in self._vector(node.expr).items():
            groups.setdefault(_only(of, by), []).append(value)
        return {of: AGGREGATED[str(node.op)](values) for of, values in groups.items()}

    def _binary(self, node: BinaryExpr) -> Vector:
        left, op = self._vector(node.lhs), str(node.op)
        if isinstance(node.rhs, NumberLiteral):
            if node.modifier and node.modifier.return_bool:
                return {of: float(COMPARED[op](v, node.rhs.val)) for of, v in left.items()}
            return {of: v for of, v in left.items() if COMPARED[op](v, node.rhs.val)}
        right = self._vector(node.rhs)
        if op == "/":
            return {of: v / right[of] for of, v in left.items() if of in right}
        on = node.modifier.matching.labels
        there = {_only(of, on) for of in right}
        wanted = {"and": True, "unless": False}[op]
        return {of: v for of, v in left.items() if (_only(of, on) in there) is wanted}


def _quantile(part: float, buckets: Vector) -> Vector:
    """The bound of the bucket in which it lies; Prometheus goes between the bounds."""
    groups: dict[Labels, list[Point]] = {}
    for of, count in buckets.items():
        le = float(dict(of)["le"])
        groups.setdefault(frozenset(of - {("le", dict(of)["le"])}), []).append((le, count))
    found = {}
    for of, counts in groups.items():
        whole = max(count for _, count in counts)
        if whole:
            found[of] = min(le for le, count in counts if count >= part * whole)
    return found


def _matches(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    op = str(matcher.op).rpartition(".")[2]
    return MATCHED[op](labels.get(matcher.name, ""), matcher.value)


def _only(of: Labels, names: Sequence[str]) -> Labels:
    return frozenset((name, value) for name, value in of if name in names)

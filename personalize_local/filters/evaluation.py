"""Which entities a filter keeps: what depends on the data alone is computed once, the rest by each request.

Sources: dg/filter-expressions.html, dg/multiple-expression-example.html. A rule without a remark is documented there.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personalize_local.filters.table import NEGATED, ORDER, Mask, Table, Value, numbers, texts
from personalize_local.filters.tree import Condition, CurrentItemField, Dataset, Literals, Operator, Part, fold
from personalize_local.filters.values import Bound

__all__ = ["Events", "Prepared", "Request", "UserValue", "evaluate", "prepare"]

UserValue = str | float | tuple[str, ...] | None
Events = Callable[[frozenset[str] | None], NDArray[np.intp]]
_Row = tuple[Condition, ...]

_EVENTS: Final[tuple[Dataset, ...]] = ("INTERACTIONS", "ACTION_INTERACTIONS")
_WITH_WILDCARD: Final[Dataset] = "INTERACTIONS"
_WILDCARD: Final = "*"


def _no_events(_types: frozenset[str] | None) -> NDArray[np.intp]:
    return np.empty(0, np.intp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a request adds to the data.

    ``user`` has the fields of its user by name in any spelling: a number, the whole text of a plain string, a tuple of
    the values of a categorical one; None, or no such name, is null. An unknown user has no fields. ``item`` is the
    index in the table of the item that the request is about, -1 if there is none or it is not known.

    ``events`` is asked with event types in the folded case of ``str.casefold``, or None for events of any or no type.
    It gives indexes in the table, in any order: of the items or actions with which the request's user has such an
    event, or, where users are filtered, of the users who have one. Indexes outside the table are passed over.
    """

    user: Mapping[str, UserValue] = field(default_factory=dict)
    item: int = -1
    events: Events = _no_events


def evaluate(bound: Bound, table: Table, request: Request) -> Mask:
    """Which entities of the table stay: a read-only array of shape (count,)."""
    return prepare(bound, table).select(request)


def prepare(bound: Bound, table: Table) -> Prepared:
    """Compute what no request changes. The filter is one that ``check`` has taken for the schemas of the table."""
    included: Mask | None = None
    excluded: Mask | None = None
    pending = []
    for part in bound.parts:
        matching = _matching(part, table)
        if part.user_conditions or not isinstance(matching, _Fixed):
            pending.append(_Pending(part=part, matching=matching))
        elif part.action == "INCLUDE":
            included = matching.mask if included is None else included | matching.mask
        else:
            excluded = matching.mask if excluded is None else excluded | matching.mask
    kept = np.ones(table.count, np.bool_) if included is None else included.copy()
    if excluded is not None:
        _remove(kept, excluded)
    for mask in (kept, included, excluded):
        if mask is not None:
            _closed(mask)
    return Prepared(kept=kept, included=included, excluded=excluded, pending=tuple(pending))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """A filter over a table, evaluated as far as is possible without a request; made by ``prepare``.

    ``kept`` is the answer as long as no ``pending`` part applies; ``included`` and ``excluded`` are what the other
    parts of either action match together, None without such a part.
    """

    kept: Mask
    included: Mask | None
    excluded: Mask | None
    pending: tuple[_Pending, ...]

    @property
    def static(self) -> bool:
        """Whether all requests get the same answer."""
        return not self.pending

    def select(self, request: Request) -> Mask:
        """Which entities stay: a read-only array of shape (count,), the same one while the request adds nothing.

        Kept is what one INCLUDE part matches, less what any EXCLUDE part matches. Parts whose IF is false are as if
        they were not there; that nothing is restricted when this leaves no INCLUDE part is inferred.
        """
        applying = [part for part in self.pending if part.applies(request)]
        if not applying:
            return self.kept
        including = [part.matching for part in applying if part.part.action == "INCLUDE"]
        if including:
            kept = np.zeros_like(self.kept) if self.included is None else self.included.copy()
            for matching in including:
                matching.select(request).add_to(kept)
            if self.excluded is not None:
                _remove(kept, self.excluded)
        else:
            kept = self.kept.copy()
        for part in applying:
            if part.part.action == "EXCLUDE":
                part.matching.select(request).remove_from(kept)
        return _closed(kept)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pending:
    """A part that needs the request, to know whether it applies or what it matches."""

    part: Part
    matching: _Fixed | _ByCurrentItem | _ByEvents

    def applies(self, request: Request) -> bool:
        """Whether its IF is true."""
        if not self.part.user_conditions:
            return True
        user = {fold(name): value for name, value in request.user.items()}
        return all(
            _true_of_user(user.get(fold(condition.field.name)), condition.operator, _literals(condition))
            for condition in self.part.user_conditions
        )


def _true_of_user(value: UserValue, operator: Operator, wanted: tuple[Value, ...]) -> bool:
    """Whether a condition on the user is true. It is false of null, also with NOT IN and != (inferred)."""
    if value is None or value == () or value != value:
        return False
    if operator in ORDER:
        bounds = numbers(wanted)
        return isinstance(value, int | float) and bool(bounds) and bool(ORDER[operator](value, bounds[0]))
    if isinstance(value, int | float):
        found = value in numbers(wanted)
    else:
        found = not texts(wanted).isdisjoint((value,) if isinstance(value, str) else value)
    return found is not (operator in NEGATED)


def _matching(part: Part, table: Table) -> _Fixed | _ByCurrentItem | _ByEvents:
    """What a part matches, in the form that its conditions allow: they are all of one dataset."""
    if part.conditions[0][0].field.dataset in _EVENTS:
        return _ByEvents(rows=part.conditions, count=table.count)
    fixed = _Fixed(mask=np.zeros(table.count, np.bool_))
    open_rows = []
    for row in part.conditions:
        on_item = tuple(condition for condition in row if isinstance(condition.operand, CurrentItemField))
        mask = _all_of(
            table.satisfying(condition.field.name, condition.operator, _literals(condition))
            for condition in row
            if not isinstance(condition.operand, CurrentItemField)
        )
        if on_item:
            open_rows.append((mask, on_item))
        elif mask is not None:
            np.logical_or(fixed.mask, mask, out=fixed.mask)
    return _ByCurrentItem(fixed=fixed, rows=tuple(open_rows), table=table) if open_rows else fixed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fixed:
    """Some entities, by a mask over all."""

    mask: Mask

    def select(self, _request: Request) -> _Fixed:
        return self

    def add_to(self, kept: Mask) -> None:
        np.logical_or(kept, self.mask, out=kept)

    def remove_from(self, kept: Mask) -> None:
        _remove(kept, self.mask)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ByCurrentItem:
    """What rows of conditions match, some of which compare with the item that a request is about.

    ``rows`` are these, with what their other conditions match together (None: there are no others); ``fixed`` is what
    the other rows match.
    """

    fixed: _Fixed
    rows: tuple[tuple[Mask | None, _Row], ...]
    table: Table

    def select(self, request: Request) -> _Fixed:
        """An item that is not known has no values, so it is compared with as null is (inferred).

        That IN means that the values of both items have one in common, and NOT IN that they have none, is inferred.
        """
        matching = self.fixed.mask.copy()
        for fixed, row in self.rows:
            masks = [self._satisfying(condition, request.item) for condition in row]
            matching |= reduce(operator.and_, masks if fixed is None else [*masks, fixed])
        return _Fixed(mask=matching)

    def _satisfying(self, condition: Condition, item: int) -> Mask:
        assert isinstance(condition.operand, CurrentItemField)
        wanted = self.table.at(condition.operand.name, item)
        return self.table.satisfying(condition.field.name, condition.operator, wanted)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ByEvents:
    """What rows of conditions on event types match."""

    rows: tuple[_Row, ...]
    count: int

    def select(self, request: Request) -> _Few:
        rows = [reduce(_Few.both, [self._having(condition, request) for condition in row]) for row in self.rows]
        return reduce(_Few.either, rows)

    def _having(self, condition: Condition, request: Request) -> _Few:
        """The entities with events of the types, case left aside.

        NOT IN is the opposite: those without any event of the types, also those without events at all (inferred).
        """
        types = texts(_literals(condition))
        # One * among other values takes in all of them (inferred).
        wildcard = _WILDCARD in types and condition.field.dataset == _WITH_WILDCARD
        found = request.events(None if wildcard else frozenset(word.casefold() for word in types))
        inside = found[(found >= 0) & (found < self.count)]
        return _Few(indexes=inside, others=condition.operator in NEGATED)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Few:
    """Some entities by their indexes; with ``others``, all but these."""

    indexes: NDArray[np.intp]
    others: bool

    def both(self, other: _Few) -> _Few:
        if self.others and other.others:
            return _Few(indexes=np.union1d(self.indexes, other.indexes), others=True)
        if self.others:
            return other.both(self)
        left = np.setdiff1d if other.others else np.intersect1d
        return _Few(indexes=left(self.indexes, other.indexes), others=False)

    def either(self, other: _Few) -> _Few:
        return self._opposite().both(other._opposite())._opposite()

    def _opposite(self) -> _Few:
        return _Few(indexes=self.indexes, others=not self.others)

    def add_to(self, kept: Mask) -> None:
        self._set(kept, True)

    def remove_from(self, kept: Mask) -> None:
        self._set(kept, False)

    def _set(self, kept: Mask, value: bool) -> None:
        if self.others:
            before = kept[self.indexes]
            kept.fill(value)
            kept[self.indexes] = before
        else:
            kept[self.indexes] = value


def _literals(condition: Condition) -> tuple[Value, ...]:
    assert isinstance(condition.operand, Literals)
    return condition.operand.values


def _all_of(masks: Iterable[Mask]) -> Mask | None:
    """Where all masks are true, in the first of them; None without masks."""
    first: Mask | None = None
    for mask in masks:
        first = mask if first is None else np.logical_and(first, mask, out=first)
    return first


def _remove(kept: Mask, mask: Mask) -> None:
    np.greater(kept, mask, out=kept)  # of truth values: and not, in one pass


def _closed(mask: Mask) -> Mask:
    mask.flags.writeable = False
    return mask

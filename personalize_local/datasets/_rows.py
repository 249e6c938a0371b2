"""Blocks of CSV lines turned into typed batches; rows that do not fit are found: the first one, or each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from personalize_local.datasets._arrow import Array, Batch, DataType, Table, arrow_csv, pa, pc
from personalize_local.datasets._conversion import from_text
from personalize_local.datasets._lines import (
    Fault,
    broken_lines,
    cell_of,
    explain,
    find_broken_line,
    lines_of,
    row_count,
)
from personalize_local.datasets._schema_rules import ACTION_EVENT_TYPES, ID_LENGTH, STRING_LENGTH, TEXTUAL_LENGTH
from personalize_local.datasets.failures import NONCONFORMING, TOO_LONG, ImportFailure, ImportReport, Offence, shortened
from personalize_local.provenance import Rule

if TYPE_CHECKING:
    from personalize_local.datasets.schema import Field, Schema

_INT_RANGE: Final = (-(2**31), 2**31 - 1)
# Strings of few distinct values, or whose codes training needs.
_CODED: Final = frozenset({"USER_ID", "ITEM_ID", "ACTION_ID", "EVENT_TYPE", "EVENT_ATTRIBUTION_SOURCE"})

RULES = (
    Rule(
        says=f"Ids of users, items and actions have at most {ID_LENGTH} characters, other strings, categorical or "
        f"not, {STRING_LENGTH}.",
        known="documented",
        source="dg/limits.html",
    ),
    Rule(
        says=f"Textual values are cut after {TEXTUAL_LENGTH} characters and not refused.",
        known="documented",
        source="dg/limits.html; its 7,000 for Chinese and Japanese are not applied",
    ),
    Rule(
        says="The event types of action interactions are taken in any case, and with a space for the underscore.",
        known="inferred",
        source="dg/action-interactions-datasets.html has several spellings",
    ),
    Rule(
        says="A value that reaches over the end of its line does not conform, quoted or not.",
        known="documented",
        source="dg/preparing-training-data.html",
    ),
    Rule(
        says="Within quotes, a quote may be doubled instead of escaped with a backslash.",
        known="inferred",
    ),
    Rule(says="Booleans are true, false, 1 and 0, in any case.", known="inferred"),
    Rule(says="Floats that are infinite or no number do not conform.", known="chosen"),
)

_DICTIONARY: Final = pa.dictionary(pa.int32(), pa.string())


def arrow_type(item: Field) -> DataType:
    """The type in which a column is read and stored."""
    match item.type:
        case "string":
            return _DICTIONARY if item.categorical or item.name in _CODED else pa.string()
        case "int" | "long":
            return pa.int64()
        case "float" | "double":
            return pa.float64()
        case "boolean":
            return pa.bool_()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Violation:
    column: str
    reason: str
    problem: str
    rows: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was found in a block: the first ``offences`` of it, in order; ``rejected`` counts all rows that have any."""

    rows: int
    rejected: int
    offences: Sequence[Offence]


class RowReader:
    """Reads the blocks of one file in turn. ``positions`` says where in a row each schema field stands.

    Each block is either read, up to the first row that does not fit, or examined to its end.
    """

    def __init__(self, schema: Schema, *, file: str, columns: int, positions: Sequence[int]) -> None:
        self._schema, self._file, self._columns, self._positions = schema, file, columns, tuple(positions)
        self._keys = {item.name: str(at) for item, at in zip(schema.fields, positions, strict=True)}
        self._next_row = 1
        # Columns that an earlier block wrote in a way that the parser does not read as numbers.
        self._as_text: frozenset[str] = frozenset()

    def read(self, block: bytearray, *, rows_before: int) -> Batch:
        """The rows of ``block``. Raises ImportFailure for a row that does not fit the schema."""
        table, as_text = self._table(block)
        if table is None:
            raise self._broken(block, rows_before)
        columns, violations = self._checked(table, as_text)
        if violations:
            raise self._refused(violations, rows_before + table.num_rows)
        self._next_row += table.num_rows
        return pa.RecordBatch.from_arrays(columns, names=[item.name for item in self._schema.fields])

    def examine(self, block: bytearray, *, most: int) -> Examined:
        """All that is wrong with ``block``; up to ``most`` of it is told.

        A row may be told of several times, once for each column. Broken lines count as rows, and are left aside to
        see the others.
        """
        table, as_text = self._table(block)
        broken: Sequence[int] = ()
        kept: Sequence[int] = ()
        if table is None:
            broken, kept, table = self._without_broken(block)
            as_text = self._not_strings()
        else:
            kept = range(table.num_rows)
        _, violations = self._checked(table, as_text)
        offences = self._told(block, violations, broken, kept, most) if violations or broken else []
        rows = len(kept) + len(broken)
        self._next_row += rows
        return Examined(rows=rows, rejected=len(broken) + _count(violations), offences=offences)

    def _without_broken(self, block: bytearray) -> tuple[list[int], list[int], Table]:
        """Which lines are broken and which are not, counted from 0, and the table of those that are not."""
        lines = lines_of(block)
        broken = broken_lines(lines, self._attempt, columns=self._columns, read=self._positions)
        aside = frozenset(broken)
        kept = [at for at in range(len(lines)) if at not in aside]
        # A blank line stands for no row at all.
        rest = b"".join(lines[at] + b"\n" for at in kept) or b"\n"
        return broken, kept, self._parse(rest, self._not_strings(), threads=False)

    def _told(
        self,
        block: bytearray,
        violations: Sequence[_Violation],
        broken: Sequence[int],
        kept: Sequence[int],
        most: int,
    ) -> list[Offence]:
        """The first ``most`` offences, row by row; ``kept`` are the lines that ``violations`` are of."""
        found: list[tuple[int, int]] = [(at, -1) for at in broken[:most]]
        for number, violation in enumerate(violations):
            rows = pc.indices_nonzero(violation.rows)[:most].to_pylist()
            found += [(kept[row], number) for row in rows]
        lines = lines_of(block) if most else []
        return [
            self._offence(lines[at], at, violations[number] if number >= 0 else None)
            for at, number in sorted(found)[:most]
        ]

    def _offence(self, line: bytes, at: int, violation: _Violation | None) -> Offence:
        if violation is None:
            column, problem, value = None, explain(line, columns=self._columns), line.decode(errors="replace")
        else:
            column, problem = violation.column, violation.problem
            value = cell_of(line, int(self._keys[column]))
        return Offence(file=self._file, row=self._next_row + at, column=column, problem=problem, value=shortened(value))

    def _table(self, block: bytearray) -> tuple[Table | None, frozenset[str]]:
        """The cells of ``block``, None where its lines are not its rows, and the columns that are read as text."""
        as_text = self._as_text
        # The parser reads 0x1F as an integer, which is no decimal text. (Searching one byte first is much faster.)
        if (b"x" in block and b"0x" in block) or (b"X" in block and b"0X" in block):
            as_text = self._not_strings()
        try:
            table = self._parse(block, as_text)
        except pa.ArrowInvalid:
            as_text = self._not_strings()
            try:
                table = self._parse(block, as_text, threads=False)
            except pa.ArrowInvalid:
                return None, as_text
        # Quotes and backslashes let a value reach over a line end; a carriage return may end a row within a line.
        if any(mark in block for mark in (b'"', b"\\", b"\r")) and table.num_rows != row_count(block):
            return None, as_text
        return table, as_text

    def _not_strings(self) -> frozenset[str]:
        return frozenset(item.name for item in self._schema.fields if item.type != "string")

    def _parse(self, block: bytes | bytearray, as_text: frozenset[str], *, threads: bool = True) -> Table:
        types: dict[str, DataType] = {
            self._keys[item.name]: pa.string() if item.name in as_text else arrow_type(item)
            for item in self._schema.fields
        }
        reading = arrow_csv.ReadOptions(
            column_names=[str(at) for at in range(self._columns)],
            use_threads=threads,
            # One piece when not in a hurry: pieces refuse lines that are longer than one of them.
            block_size=1 << 20 if threads else len(block) + 1,
        )
        table = arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(block)),
            read_options=reading,
            parse_options=arrow_csv.ParseOptions(
                # The parser is quicker when it need not look for what is not there.
                quote_char='"' if b'"' in block else False,
                escape_char="\\" if b"\\" in block else False,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                null_values=[""],
                strings_can_be_null=True,
                true_values=["true", "True", "TRUE", "1"],
                false_values=["false", "False", "FALSE", "0"],
            ),
        )
        return table.unify_dictionaries().combine_chunks()

    def _attempt(self, lines: bytes) -> int:
        return int(self._parse(lines, self._not_strings(), threads=False).num_rows)

    def _broken(self, block: bytearray, rows_before: int) -> ImportFailure:
        fault: Fault = find_broken_line(block, self._attempt, columns=self._columns)
        if fault.before:
            # A row of the right shape but with a bad value may come first.
            table = self._parse(fault.before, self._not_strings(), threads=False)
            _, violations = self._checked(table, self._not_strings())
            if violations:
                return self._refused(violations, rows_before + table.num_rows)
        return ImportFailure(
            fault.reason,
            ImportReport(
                rows_read=rows_before + fault.line,
                rows_rejected=1,
                file=self._file,
                row=self._next_row + fault.line - 1,
                problem=fault.problem,
            ),
        )

    def _checked(self, table: Table, as_text: frozenset[str]) -> tuple[list[Array], list[_Violation]]:
        columns: list[Array] = []
        violations: list[_Violation] = []
        needed_text = set()
        for item in self._schema.fields:
            column = _single(table.column(self._keys[item.name]), table.schema.field(self._keys[item.name]).type)
            bad = None
            if item.name in as_text:
                converted = from_text(column, item.type)
                if not converted.ordinary:
                    needed_text.add(item.name)
                column, bad = converted.values, converted.bad
                if bad is not None:
                    violations.append(_violation(item, f"a value is not of type {item.type}", bad))
            column, found = _check_column(
                column, item, bad, action_events=self._schema.dataset_type == "ACTION_INTERACTIONS"
            )
            columns.append(column)
            violations.extend(found)
        self._as_text |= needed_text
        return columns, violations

    def _refused(self, violations: Sequence[_Violation], rows_read: int) -> ImportFailure:
        firsts: Mapping[int, _Violation] = {pc.index(v.rows, True).as_py(): v for v in reversed(violations)}
        row = min(firsts)
        report = ImportReport(
            rows_read=rows_read,
            rows_rejected=_count(violations),
            file=self._file,
            row=self._next_row + row,
            column=firsts[row].column,
            problem=firsts[row].problem,
        )
        return ImportFailure(firsts[row].reason, report)


def _count(violations: Sequence[_Violation]) -> int:
    """How many rows have any of the violations."""
    if not violations:
        return 0
    anywhere = violations[0].rows
    for violation in violations[1:]:
        anywhere = pc.or_(anywhere, violation.rows)
    return int(pc.sum(anywhere).as_py())


def _single(column: Array, type_: DataType) -> Array:
    return column.chunk(0) if column.num_chunks else pa.array([], type_)


def _check_column(
    column: Array, item: Field, bad: Array | None, *, action_events: bool
) -> tuple[Array, list[_Violation]]:
    """``bad`` marks nulls that stand for a value of another type, None where there are none."""
    violations = []
    if column.null_count and not item.nullable:
        missing = pc.is_null(column) if bad is None else pc.and_not(pc.is_null(column), bad)
        if bad is None or pc.any(missing).as_py():
            violations.append(_violation(item, "a value is missing", missing))
    if item.type == "string":
        column, found = _check_strings(column, item, action_events=action_events)
        violations += found
    elif item.type in ("float", "double"):
        finite = pc.is_finite(column)
        if pc.all(finite).as_py() is False:
            violations.append(_violation(item, "a value is not a finite number", _where_not(finite)))
    elif item.type == "int" and len(column) > column.null_count:
        low, high = _INT_RANGE
        inside = pc.and_(pc.greater_equal(column, low), pc.less_equal(column, high))
        if pc.all(inside).as_py() is False:
            violations.append(_violation(item, "a value is outside the range of type int", _where_not(inside)))
    return column, violations


def _check_strings(column: Array, item: Field, *, action_events: bool) -> tuple[Array, list[_Violation]]:
    coded = isinstance(column, pa.DictionaryArray)
    values: Array = column.dictionary if isinstance(column, pa.DictionaryArray) else column
    violations = []

    def refuse(bad: Array, problem: str, reason: str | None = None) -> None:
        if pc.any(bad).as_py():
            rows = bad.take(column.indices) if coded else bad
            violations.append(_violation(item, problem, pc.fill_null(rows, False), reason))

    # What reaches over a line end is a quote or a backslash that the parser took along at the end of a piece.
    refuse(pc.match_substring(values, "\n"), "a value reaches over the end of the line")
    if action_events and item.name == "EVENT_TYPE":
        plain = pc.replace_substring(pc.utf8_upper(values), " ", "_")
        refuse(
            pc.invert(pc.is_in(plain, value_set=pa.array(ACTION_EVENT_TYPES))),
            "EVENT_TYPE is none of Taken, Not Taken and Viewed",
        )
    if item.textual:
        if (pc.max(pc.utf8_length(values)).as_py() or 0) > item.longest:
            column = pc.utf8_slice_codeunits(column, 0, item.longest)
        return column, violations
    refuse(
        pc.greater(pc.utf8_length(values), item.longest),
        f"a value is longer than {item.longest} characters",
        TOO_LONG(limit=item.longest, column=item.name),
    )
    return column, violations


def _violation(item: Field, problem: str, rows: Array, reason: str | None = None) -> _Violation:
    return _Violation(column=item.name, reason=reason or NONCONFORMING(), problem=problem, rows=rows)


def _where_not(fine: Array) -> Array:
    return pc.fill_null(pc.invert(fine), False)

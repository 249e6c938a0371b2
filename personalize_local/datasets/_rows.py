"""Blocks of CSV lines turned into typed batches; the first row that does not fit is found and reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from personalize_local.datasets._arrow import Array, Batch, DataType, Table, arrow_csv, pa, pc
from personalize_local.datasets._conversion import from_text
from personalize_local.datasets._lines import Fault, find_broken_line, row_count
from personalize_local.datasets.failures import NONCONFORMING, TOO_LONG, ImportFailure, ImportReport
from personalize_local.provenance import Rule

if TYPE_CHECKING:
    from personalize_local.datasets.schema import Field, Schema

_ID_LENGTH: Final = 256
_STRING_LENGTH: Final = 1000
_TEXTUAL_LENGTH: Final = 20_000
_INT_RANGE: Final = (-(2**31), 2**31 - 1)
_ACTION_EVENTS: Final = ("TAKEN", "NOT_TAKEN", "VIEWED")
# Strings of few distinct values, or whose codes training needs.
_CODED: Final = frozenset({"USER_ID", "ITEM_ID", "ACTION_ID", "EVENT_TYPE", "EVENT_ATTRIBUTION_SOURCE"})

RULES = (
    Rule(
        says=f"Ids of users, items and actions have at most {_ID_LENGTH} characters, other strings, categorical or "
        f"not, {_STRING_LENGTH}.",
        known="documented",
        source="dg/limits.html",
    ),
    Rule(
        says=f"Textual values are cut after {_TEXTUAL_LENGTH} characters and not refused.",
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


class RowReader:
    """Reads the blocks of one file in turn. ``positions`` says where in a row each schema field stands."""

    def __init__(self, schema: Schema, *, file: str, columns: int, positions: Sequence[int]) -> None:
        self._schema, self._file, self._columns = schema, file, columns
        self._keys = {item.name: str(at) for item, at in zip(schema.fields, positions, strict=True)}
        self._next_row = 1
        # Columns that an earlier block wrote in a way that the parser does not read as numbers.
        self._as_text: frozenset[str] = frozenset()

    def read(self, block: bytearray, *, rows_before: int) -> Batch:
        """The rows of ``block``. Raises ImportFailure for a row that does not fit the schema."""
        as_text = self._as_text
        # The parser reads 0x1F as an integer, which is no decimal text. (Searching one byte first is much faster.)
        if (b"x" in block and b"0x" in block) or (b"X" in block and b"0X" in block):
            as_text = self._not_strings()
        try:
            table = self._parse(block, as_text)
        except pa.ArrowInvalid:
            as_text = self._not_strings()
            table = self._parse_anyhow(block, as_text, rows_before)
        # Quotes and backslashes let a value reach over a line end; a carriage return may end a row within a line.
        if any(mark in block for mark in (b'"', b"\\", b"\r")) and table.num_rows != row_count(block):
            raise self._broken(block, rows_before)
        columns, violations = self._checked(table, as_text)
        if violations:
            raise self._refused(violations, rows_before + table.num_rows)
        self._next_row += table.num_rows
        return pa.RecordBatch.from_arrays(columns, names=[item.name for item in self._schema.fields])

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

    def _parse_anyhow(self, block: bytearray, as_text: frozenset[str], rows_before: int) -> Table:
        try:
            return self._parse(block, as_text, threads=False)
        except pa.ArrowInvalid:
            raise self._broken(block, rows_before) from None

    def _broken(self, block: bytearray, rows_before: int) -> ImportFailure:
        def attempt(lines: bytes) -> int:
            return int(self._parse(lines, self._not_strings(), threads=False).num_rows)

        fault: Fault = find_broken_line(block, attempt, columns=self._columns)
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
            if item.name in as_text:
                converted = from_text(column, item.type)
                if not converted.ordinary:
                    needed_text.add(item.name)
                if converted.bad is not None:
                    problem = f"a value is not of type {item.type}"
                    violations.append(
                        _Violation(column=item.name, reason=NONCONFORMING(), problem=problem, rows=converted.bad)
                    )
                    continue
                column = converted.values
            column, found = _check_column(
                column, item, action_events=self._schema.dataset_type == "ACTION_INTERACTIONS"
            )
            columns.append(column)
            violations.extend(found)
        self._as_text |= needed_text
        return columns, violations

    def _refused(self, violations: Sequence[_Violation], rows_read: int) -> ImportFailure:
        firsts: Mapping[int, _Violation] = {pc.index(v.rows, True).as_py(): v for v in reversed(violations)}
        row = min(firsts)
        anywhere = violations[0].rows
        for violation in violations[1:]:
            anywhere = pc.or_(anywhere, violation.rows)
        report = ImportReport(
            rows_read=rows_read,
            rows_rejected=pc.sum(anywhere).as_py(),
            file=self._file,
            row=self._next_row + row,
            column=firsts[row].column,
            problem=firsts[row].problem,
        )
        return ImportFailure(firsts[row].reason, report)


def _single(column: Array, type_: DataType) -> Array:
    return column.chunk(0) if column.num_chunks else pa.array([], type_)


def _check_column(column: Array, item: Field, *, action_events: bool) -> tuple[Array, list[_Violation]]:
    violations = []
    if column.null_count and not item.nullable:
        violations.append(_violation(item, "a value is missing", pc.is_null(column)))
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
            pc.invert(pc.is_in(plain, value_set=pa.array(_ACTION_EVENTS))),
            "EVENT_TYPE is none of Taken, Not Taken and Viewed",
        )
    if item.textual:
        if (pc.max(pc.utf8_length(values)).as_py() or 0) > _TEXTUAL_LENGTH:
            column = pc.utf8_slice_codeunits(column, 0, _TEXTUAL_LENGTH)
        return column, violations
    limit = _ID_LENGTH if item.name in ("USER_ID", "ITEM_ID", "ACTION_ID") else _STRING_LENGTH
    refuse(
        pc.greater(pc.utf8_length(values), limit),
        f"a value is longer than {limit} characters",
        TOO_LONG(limit=limit, column=item.name),
    )
    return column, violations


def _violation(item: Field, problem: str, rows: Array, reason: str | None = None) -> _Violation:
    return _Violation(column=item.name, reason=reason or NONCONFORMING(), problem=problem, rows=rows)


def _where_not(fine: Array) -> Array:
    return pc.fill_null(pc.invert(fine), False)

"""Interactions of any file as coded arrays: reading, the k-core, and leaving the last event of each user out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
CUT = 10
"""Items that are looked at, as in NDCG@10."""

# Column names in lower case and without separators, the likelier first.
_USER = (
    "user",
    "userid",
    "uid",
    "customerid",
    "customer",
    "visitorid",
    "memberid",
    "reviewerid",
    "session",
    "sessionid",
)
_ITEM = ("item", "itemid", "movieid", "iid", "productid", "product", "articleid", "asin", "trackid", "materialnumber")
_TIME = (
    "timestamp",
    "time",
    "unixtime",
    "unixreviewtime",
    "ts",
    "datetime",
    "date",
    "eventdate",
    "eventtime",
    "createdat",
)
_MISSING = ("", "NA", "na", "NaN", "nan", "NULL", "null", "None", "none")
_SEPARATORS = (",", ";", "\t", "::", "|")
_UNIT = "\x1f"  # stands for separators of several characters
_TOO_LARGE = 1e11  # no time in seconds: the year 5138
_LOOKED_AT = 1_000  # rows that tell whether a column has values


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Interactions in order of time; equal times keep the order of the file. ``time`` is in epoch seconds."""

    user: Int64
    item: Int64
    time: Int64
    users: tuple[str, ...]
    items: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.user)

    @classmethod
    def of(cls, users: tuple[Int64, tuple[str, ...]], items: tuple[Int64, tuple[str, ...]], time: Int64) -> Log:
        """Sort rows by time; ``users`` and ``items`` are (codes, names)."""
        order = np.argsort(time, kind="stable")
        return cls(user=users[0][order], item=items[0][order], time=time[order], users=users[1], items=items[1])

    @classmethod
    def from_rows(cls, rows: Sequence[tuple[str, str, int]]) -> Log:
        """Of (user, item, time)."""
        users, items = (pa.chunked_array([[row[number] for row in rows]], pa.string()) for number in (0, 1))
        return cls.of(_coded(users), _coded(items), np.array([row[2] for row in rows], np.int64))

    def taken(self, rows: NDArray[np.bool_] | Int64) -> Log:
        """Only these rows; the names stay."""
        return Log(user=self.user[rows], item=self.item[rows], time=self.time[rows], users=self.users, items=self.items)

    def by_user(self) -> tuple[Int64, Int64]:
        """Row numbers user by user in order of time, and where those of each user begin; their number comes last."""
        starts = np.zeros(len(self.users) + 1, np.int64)
        np.cumsum(np.bincount(self.user, minlength=len(self.users)), out=starts[1:])
        return np.argsort(self.user, kind="stable"), starts

    def core(self, least: int) -> Log:
        """The rows among users and items that all have at least ``least`` of them."""
        rows = np.arange(len(self))
        while True:
            users = np.bincount(self.user[rows], minlength=len(self.users))
            items = np.bincount(self.item[rows], minlength=len(self.items))
            kept = (users[self.user[rows]] >= least) & (items[self.item[rows]] >= least)
            if kept.all():
                break
            rows = rows[kept]
        user_codes, user = np.unique(self.user[rows], return_inverse=True)
        item_codes, item = np.unique(self.item[rows], return_inverse=True)
        return Log(
            user=user.astype(np.int64),
            item=item.astype(np.int64),
            time=self.time[rows],
            users=tuple(self.users[code] for code in user_codes.tolist()),
            items=tuple(self.items[code] for code in item_codes.tolist()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What is learned from, and the last item of each of the ``asked`` users; the catalogue is that of all rows."""

    learned: Log
    asked: Int64
    truth: Int64
    keep_seen: bool = False

    def seen(self) -> dict[int, Int64]:
        """The distinct items that each asked user had before and that do not count; none with ``keep_seen``."""
        if self.keep_seen:
            return dict.fromkeys(self.asked.tolist(), np.zeros(0, np.int64))
        order, starts = self.learned.by_user()
        return {
            user: np.unique(self.learned.item[order[starts[user] : starts[user + 1]]]) for user in self.asked.tolist()
        }

    def repeated(self) -> float:
        """The share of the truths that their users had before."""
        pairs = np.unique(self.learned.user * len(self.learned.items) + self.learned.item)
        return float(np.isin(self.asked * len(self.learned.items) + self.truth, pairs).mean())


def leave_last_out(log: Log, users: int, *, keep_seen: bool = False, seed: int = 0) -> Split:
    """Hold the last row of every user out; ask for at most ``users`` of those with two rows or more, drawn by seed."""
    order, starts = log.by_user()
    there = np.flatnonzero(np.diff(starts) >= 2)
    last = order[starts[there + 1] - 1]
    kept = np.ones(len(log), bool)
    kept[last] = False
    chosen = np.sort(np.random.default_rng(seed).permutation(len(there))[:users])
    return Split(learned=log.taken(kept), asked=there[chosen], truth=log.item[last[chosen]], keep_seen=keep_seen)


def read(path: Path, columns: Sequence[str] | None = None, separator: str | None = None) -> Log:
    """Read a file of separated values: (user, item, time) by ``columns``, or by the names of its header.

    ``columns`` that are numbers count from 1 and say that there is no header. Rows without one of the three are left
    out. Raises ValueError when a column is not found or a time cannot be read.
    """
    text = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    first = text.split(b"\n", 1)[0].decode().rstrip("\r")
    if separator is None:
        separator = max(_SEPARATORS, key=first.count)
    if len(separator) > 1:
        text, first = text.replace(separator.encode(), _UNIT.encode()), first.replace(separator, _UNIT)
        separator = _UNIT
    names = next(csv.reader([first], delimiter=separator))
    numbered = columns is not None and all(name.isdigit() for name in columns)
    if numbered:
        names = [str(number + 1) for number in range(len(names))]
    # An atomic file writes NAME:TYPE.
    names = [name.split(":")[0] for name in names]
    table = _texts(text, names, separator, headed=not numbered)
    if columns is None:
        columns = [_column(kind, names, table) for kind in (_USER, _ITEM, _TIME)]
    if len(columns) != 3 or set(columns) - set(names):
        raise ValueError(f"give three of the columns {', '.join(names)}")
    whole = table.select(columns).drop_null()
    user, item, time = (whole.column(number) for number in range(3))
    return Log.of(_coded(user), _coded(item), seconds(time))


def _texts(text: bytes, names: Sequence[str], separator: str, *, headed: bool) -> pa.Table:
    """All columns as text, what is missing as null; lines of another number of columns are left out."""
    return arrow_csv.read_csv(
        io.BytesIO(text),
        read_options=arrow_csv.ReadOptions(column_names=list(names), skip_rows=int(headed)),
        parse_options=arrow_csv.ParseOptions(delimiter=separator, invalid_row_handler=lambda _: "skip"),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=_MISSING, strings_can_be_null=True
        ),
    )


def _column(known: Sequence[str], names: Sequence[str], table: pa.Table) -> str:
    """The first known column in which at least half of the first rows have a value."""
    plain = ["".join(letter for letter in name.lower() if letter.isalnum()) for name in names]
    for name in known:
        if name in plain:
            found = names[plain.index(name)]
            head = table.column(found)[:_LOOKED_AT]
            if 2 * head.null_count <= len(head):
                return found
    raise ValueError(f"none of the columns {', '.join(names)} is one of {', '.join(known)}; say which by --columns")


def _coded(column: pa.ChunkedArray) -> tuple[Int64, tuple[str, ...]]:
    """(codes, names in order) of a column of texts."""
    names, first = np.unique(np.array(column.unique().to_pylist(), dtype=np.str_), return_index=True)
    code = np.empty(len(names), np.int64)
    code[first] = np.arange(len(names))
    # The dictionary is in order of appearance, as what is unique.
    encoded = column.combine_chunks().dictionary_encode()
    return code[encoded.indices.to_numpy()], tuple(names.tolist())


def seconds(column: pa.ChunkedArray) -> Int64:
    """Epoch seconds of numbers (thousandths and smaller where they are too large for seconds) or of ISO times (UTC)."""
    try:
        numbers = column.cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        texts = column.combine_chunks().dictionary_encode()
        return _moments(texts.dictionary.to_pylist())[texts.indices.to_numpy()]
    while len(numbers) and float(np.median(numbers)) > _TOO_LARGE:
        numbers = numbers / 1_000
    return numbers.astype(np.int64)


def _moments(texts: Sequence[str]) -> Int64:
    times = [datetime.fromisoformat(text.strip().replace(" UTC", "")) for text in texts]
    aware = (time if time.tzinfo else time.replace(tzinfo=UTC) for time in times)
    return np.array([int(time.timestamp()) for time in aware], np.int64)

"""How a moment is written in each of the model's timestamp formats, and read back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["format_timestamp", "parse_timestamp", "timestamp_formatter"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RFC822 = re.compile(
    r"[A-Za-z]{3}, (?P<day>\d{1,2}) (?P<month>[A-Z][a-z]{2}) (?P<year>\d{4}) "
    r"(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})(?P<fraction>\.\d{1,6})? (?:GMT|UTC|\+0000)",
    re.ASCII,
)
_ISO8601 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})?|\d{4}-\d{2}-\d{2}", re.ASCII
)


def _unix(moment: datetime) -> float:
    # Services answer with three decimals; dividing once by 1000 gives the shortest float of that moment.
    return ((moment - _EPOCH) // _MILLISECOND) / 1000


def _iso8601(moment: datetime) -> str:
    text = f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}T{moment:%H:%M:%S}"
    milliseconds = moment.microsecond // 1000
    return f"{text}.{milliseconds:03d}Z" if milliseconds else f"{text}Z"


def _rfc822(moment: datetime) -> str:
    # Written by hand since strftime's names follow the process's locale.
    weekday, month = _WEEKDAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{weekday}, {moment.day:02d} {month} {moment.year:04d} {moment:%H:%M:%S} GMT"


_FORMATTERS: dict[str, Callable[[datetime], float | str]] = {
    "unixtimestamp": _unix,
    "iso8601": _iso8601,
    "rfc822": _rfc822,
}


def timestamp_formatter(name: str) -> Callable[[datetime | float], float | str]:
    """The function that writes moments in the format of this name (the trait's spelling, in any case)."""
    write = _FORMATTERS[name.lower()]

    def convert(moment: datetime | float) -> float | str:
        return write(_aware(moment))

    return convert


def format_timestamp(moment: datetime | float, name: str) -> float | str:
    """Write a moment; unixTimestamp gives a number of seconds, the others text. Milliseconds at most, as AWS does."""
    return timestamp_formatter(name)(moment)


def parse_timestamp(value: Any, name: str) -> datetime:
    """Read a moment as an aware datetime in UTC.

    unixTimestamp takes a number, or digits where the location holds text only; a long that is out of a datetime's
    range is read as the end of it that is nearer. Raises ``ValueError`` for anything that is not in the format.
    """
    try:
        return _READERS[name.lower()](value)
    except (TypeError, OverflowError, KeyError) as error:
        raise ValueError(f"not a timestamp: {value!r}") from error


def _aware(moment: datetime | float) -> datetime:
    if not isinstance(moment, datetime):
        return _EPOCH + timedelta(seconds=moment)
    # A moment without a zone is taken as UTC, as botocore takes the parameters of its callers.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _read_unix(value: Any) -> datetime:
    # Microseconds are rounded, not cut: a float of today's size holds them to within one.
    seconds = float(value)
    try:
        return _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))
    except OverflowError:
        if abs(seconds) >= 2**63:
            raise
        # Services take any long, and what a client sends in milliseconds is one.
        return (datetime.max if seconds > 0 else datetime.min).replace(tzinfo=UTC)


def _read_iso8601(value: Any) -> datetime:
    if not _ISO8601.fullmatch(value):
        raise ValueError(f"not a timestamp: {value!r}")
    return _aware(datetime.fromisoformat(value.upper()))


def _read_rfc822(value: Any) -> datetime:
    found = _RFC822.fullmatch(value)
    if found is None:
        raise ValueError(f"not a timestamp: {value!r}")
    return datetime(
        int(found["year"]),
        _MONTHS.index(found["month"]) + 1,
        int(found["day"]),
        int(found["hour"]),
        int(found["minute"]),
        int(found["second"]),
        round(float(found["fraction"] or 0) * 1_000_000),
        tzinfo=UTC,
    )


_READERS: dict[str, Callable[[Any], datetime]] = {
    "unixtimestamp": _read_unix,
    "iso8601": _read_iso8601,
    "rfc822": _read_rfc822,
}

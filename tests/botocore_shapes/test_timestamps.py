from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from botocore_shapes.protocols.timestamps import format_timestamp, parse_timestamp

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
WHOLE = MOMENT.replace(microsecond=0)


@pytest.mark.parametrize(
    ("moment", "name", "expected"),
    [
        (MOMENT, "unixTimestamp", 1767323045.678),
        (WHOLE, "unixTimestamp", 1767323045.0),
        (MOMENT + timedelta(microseconds=999), "unixTimestamp", 1767323045.678),
        (MOMENT, "iso8601", "2026-01-02T03:04:05.678Z"),
        (WHOLE, "iso8601", "2026-01-02T03:04:05Z"),
        (WHOLE, "rfc822", "Fri, 02 Jan 2026 03:04:05 GMT"),
        (1767323045.678, "iso8601", "2026-01-02T03:04:05.678Z"),
        (MOMENT.replace(tzinfo=None), "iso8601", "2026-01-02T03:04:05.678Z"),
        (MOMENT.astimezone(timezone(timedelta(hours=2))), "iso8601", "2026-01-02T03:04:05.678Z"),
    ],
)
def test_a_moment_is_written_as_services_write_it(moment: Any, name: str, expected: Any) -> None:
    assert format_timestamp(moment, name) == expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (1767323045.678, "unixTimestamp", MOMENT),
        ("1767323045.678", "unixTimestamp", MOMENT),
        (-1, "unixTimestamp", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (1_767_323_045_678, "unixTimestamp", datetime.max.replace(tzinfo=UTC)),
        (-(2**62), "unixTimestamp", datetime.min.replace(tzinfo=UTC)),
        ("2026-01-02T03:04:05.678Z", "iso8601", MOMENT),
        ("2026-01-02T05:04:05.678+02:00", "iso8601", MOMENT),
        ("2026-01-02T03:04:05", "iso8601", WHOLE),
        ("2026-01-02", "iso8601", datetime(2026, 1, 2, tzinfo=UTC)),
        ("Fri, 02 Jan 2026 03:04:05 GMT", "rfc822", WHOLE),
        ("Fri, 02 Jan 2026 03:04:05.678 GMT", "rfc822", MOMENT),
    ],
)
def test_a_moment_is_read_in_utc(text: Any, name: str, expected: datetime) -> None:
    assert parse_timestamp(text, name) == expected
    assert parse_timestamp(text, name).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("soon", "unixTimestamp"),
        (1e300, "unixTimestamp"),
        (2**63, "unixTimestamp"),
        (float("nan"), "unixTimestamp"),
        (None, "unixTimestamp"),
        ("2026-13-01T00:00:00Z", "iso8601"),
        ("1767323045", "iso8601"),
        (17, "iso8601"),
        ("Fri, 42 Jan 2026 03:04:05 GMT", "rfc822"),
        ("Fri, 02 Foo 2026 03:04:05 GMT", "rfc822"),
        ("now", "rfc822"),
    ],
)
def test_what_is_no_moment_is_refused(text: Any, name: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_timestamp(text, name)

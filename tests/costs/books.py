"""Usage written into a store as the acts themselves write it, and its bill."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from personalize_local.costs import pricelist, recording
from personalize_local.costs.bill import Bill, Line, bill
from personalize_local.costs.counting import Counting
from personalize_local.costs.quantities import Automatic
from personalize_local.store.database import Database
from personalize_local.store.records import Job
from personalize_local.store.usage import Used

START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""The first moment of a month, of an hour and of a window."""
HOUR, DAY = 3600.0, 86400.0
GB = 1 << 30
V1, V2 = "aws-user-personalization", "aws-user-personalization-v2"
AFFINITY = "aws-item-affinity"


def arn(tail: str, account: str = "123456789012", region: str = "us-east-1") -> str:
    return f"arn:aws:personalize:{region}:{account}:{tail}"


GROUP = arn("dataset-group/shop")
CAMPAIGN = arn("campaign/home")
RECOMMENDER = arn("recommender/picks")
SOLUTION = arn("solution/taste")
INTERACTIONS = arn("dataset/shop/INTERACTIONS")


class Books:
    """The usage of one store."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / "store.sqlite3")
        self._jobs = 0

    def close(self) -> None:
        self._database.close()

    def job(self, name: str = "job", at: float = START, **payload: Any) -> Job:
        """A job that is done, unlike any other."""
        self._jobs += 1
        told = {"datasetGroup": GROUP, "number": self._jobs, **payload}
        return Job(arn=arn(name), kind="", state="DONE", payload=told, submitted=at, finished=at)

    def imported(self, size: int, at: float = START) -> None:
        with self._database.write() as rows:
            recording.imported(rows, self.job(at=at), dataset=INTERACTIONS, size=size)

    def streamed(self, size: int, at: float = START) -> None:
        with self._database.write() as rows:
            recording.streamed(rows, resource=INTERACTIONS, group=GROUP, size=size, now=at)

    def trained(
        self, interactions: int, *, at: float = START, resource: str = SOLUTION, group: str = GROUP, **result: Any
    ) -> None:
        with self._database.write() as rows:
            recording.trained(
                rows,
                self.job(at=at, datasetGroup=group),
                resource=resource,
                interactions=interactions,
                result={"recipe": V1, "seconds": 1.5, **result},
                at=at,
            )

    def hours(self, hours: str, at: float = START) -> None:
        """A training of so many hours, as a row of one has them."""
        facts = {"recipe": V1, "hours": hours}
        with self._database.write() as rows:
            rows.use(Used(kind="training", resource=SOLUTION, group=GROUP, act=hours, at=at, amount=1, facts=facts))

    def holds(
        self, rate: int, at: float = START, *, resource: str = CAMPAIGN, recipe: str = V1, group: str = GROUP
    ) -> None:
        with self._database.write() as rows:
            recording.capacity(rows, resource=resource, group=group, rate=rate, at=at, recipe=recipe)

    def asked(self, times: int, at: float = START, resource: str = CAMPAIGN) -> None:
        counting = Counting()
        for _ in range(times):
            counting.count(resource, at)
        counting.write(self._database)

    def batch(self, lines: int, recipe: str = V1, **more: Any) -> None:
        with self._database.write() as rows:
            recording.batch_done(
                rows, self.job("batch-inference-job/mail"), group=GROUP, recipe=recipe, lines=lines, **more
            )

    def segmented(self, segments: int, users: int) -> None:
        """A batch segment job of so many segments, where the datasets have so many users."""
        with self._database.write() as rows:
            recording.segments_done(
                rows, self.job("batch-segment-job/fans"), group=GROUP, recipe=AFFINITY, lines=segments, users=users
            )

    def used(self) -> list[Used]:
        with self._database.read() as rows:
            return rows.used()

    def bill(self, days: float = 30, prices: str = "2026", automatic: tuple[Automatic, ...] = (), **more: Any) -> Bill:
        """The bill so many days after the start."""
        return bill(self.used(), pricelist.load(prices), START + days * DAY, automatic, **more)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        with self._database.write() as rows:
            yield rows


def cents(amount: Decimal | None) -> str:
    assert amount is not None
    return f"{amount.quantize(Decimal('0.01')):f}"


def line(bill: Bill, meter: str) -> Line:
    """The only line of a meter."""
    (found,) = [each for each in bill.lines if each.meter == meter]
    return found

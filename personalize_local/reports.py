"""What an emulator tells of itself beside the service's own answers: what the admin pages and the command line ask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore_shapes.service import Service
from personalize_local.context import Context
from personalize_local.controls.control import Controls
from personalize_local.costs import pricelist
from personalize_local.costs.bill import bill
from personalize_local.costs.counting import Counting
from personalize_local.costs.showing import as_json
from personalize_local.events.measuring import Measuring
from personalize_local.jobs.runner import JobRunner
from personalize_local.resources import dataset_import_job, metering
from personalize_local.store.database import Database

if TYPE_CHECKING:
    from personalize_local.datasets.csv import Source
    from personalize_local.experiments.comparison import Comparison

_PINNED = "{pin} answers this call; what is explained is the learned answer that it stands before."


class Reports(ABC):
    """The part of the emulator that reports on it."""

    database: Database
    jobs: JobRunner
    measuring: Measuring
    requests: Counting
    prices: str
    services: Sequence[Service[Context]]
    controls: Controls

    @abstractmethod
    def _own_context(self) -> Context:
        """A context of the server's own account and region."""

    def flush_attributions(self) -> dict[str, int]:
        """Measure all events that have come; how many figures are published then, and how many wait for it."""
        return self.measuring.flush(self._own_context())

    def attribution_reports(self, limit: int) -> list[dict[str, Any]]:
        """The metric attributions of all accounts and regions, each with its newest ``limit`` figures."""
        return self.measuring.reports(self._own_context(), limit)

    def job_report(self, arn: str) -> dict[str, Any] | None:
        """What a job is doing or what came of it, as JSON values; None where there is none of this ARN."""
        with self.database.read() as rows:
            job = rows.job(arn)
        return None if job is None else self.jobs.report(job)

    def job_reports(self, limit: int) -> list[dict[str, Any]]:
        """The reports of the newest jobs of all accounts and regions, newest first."""
        with self.database.read() as rows:
            jobs = rows.newest_jobs(limit)
        return [self.jobs.report(job) for job in jobs]

    def import_report(self, arn: str) -> dict[str, Any] | None:
        """What became of an import job, as JSON values; None where there is no such job."""
        with self.database.read() as rows:
            record = rows.get(arn)
        return None if record is None else dataset_import_job.report(self._own_context(), record)

    def import_reports(self, limit: int) -> list[dict[str, Any]]:
        """The reports of the newest import jobs of all accounts and regions, newest first."""
        with self.database.read() as rows:
            records = rows.everywhere(dataset_import_job.KIND.name)
        reports = (dataset_import_job.report(self._own_context(), record) for record in records[: -limit - 1 : -1])
        return [report for report in reports if report is not None]

    def costs(self, prices: str | None = None, account: str | None = None, *, free: bool = False) -> dict[str, Any]:
        """What all use until now would have cost, or that of one account, as JSON values.

        ``free`` counts the free tier. Raises ValueError for a price list that is not there.
        """
        chosen = pricelist.load(prices or self.prices)
        self.requests.write(self.database)
        context = self._own_context()
        with self.database.read() as rows:
            used, training_alone = rows.used(), metering.automatic(context, rows)
        return as_json(bill(used, chosen, context.now, training_alone, free=free), account)

    def compare(self, a: str, b: str, files: Sequence[Source], *, count: int, seed: int) -> Comparison:
        """A comparison of two strategies on held-out events, ready to run; raises what its ``begin`` does."""
        from personalize_local.experiments.comparison import begin

        return begin(self._own_context(), a, b, files, count=count, seed=seed)

    def experiment(self, asked: object) -> dict[str, Any]:
        """The report of an experiment on users. Raises ValueError for what cannot be counted, and ServiceError."""
        from personalize_local.experiments.counting import counted_report, design_of

        return counted_report(self._own_context(), *design_of(asked))

    def explain(self, asked: object) -> dict[str, Any]:
        """How an answer of the runtime service comes about. Raises ValueError for what is no question, ServiceError."""
        from personalize_local.runtime.explaining import explain, named

        context, given = named(self._own_context(), asked)
        ranking = isinstance(given, dict) and "inputList" in given
        operation = "GetPersonalizedRanking" if ranking else "GetRecommendations"
        params = self.services[0].checked(operation, given)
        told, pin = explain(context, params), self.controls.pins.standing(operation, params)
        notes = [*(() if pin is None else (_PINNED.format(pin=pin["id"]),)), *told["notes"]]
        return {**told, "pin": pin, "notes": notes}

"""The composition root: one emulator, everything it owns, and the three services that it answers as."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor
from os import PathLike
from pathlib import Path
from typing import Any

import personalize_local
from botocore_shapes.http import Request, Response
from botocore_shapes.model import ServiceModel, load_service_model
from botocore_shapes.scope import read_scope
from botocore_shapes.service import Call, Lasting, Service
from personalize_local import events, runtime
from personalize_local.arns import account_of, is_region
from personalize_local.batch import jobs as batch_jobs
from personalize_local.clock import SettableClock
from personalize_local.context import Context
from personalize_local.controls import job_faults
from personalize_local.controls.control import Controls
from personalize_local.controls.handles import Handles
from personalize_local.costs import pricelist
from personalize_local.costs.counting import Counting
from personalize_local.events.impressions import Shown
from personalize_local.events.measuring import Measuring
from personalize_local.events.put_events import Destinations
from personalize_local.ids import Ids
from personalize_local.jobs import deleting, exporting, importing, training
from personalize_local.jobs.executors import InlineExecutor, process_executor
from personalize_local.jobs.lifecycle import Modes
from personalize_local.jobs.runner import JobRunner, JobType
from personalize_local.jobs.spooling import drop_incoming
from personalize_local.jobs.workplace import Workplace, database_path
from personalize_local.reports import Reports
from personalize_local.resources import (
    KINDS,
    control_plane,
    metering,
    recommender,
    schedule,
    taggable_kinds,
)
from personalize_local.resources.quotas import Quotas
from personalize_local.runtime.filtering import Filters
from personalize_local.runtime.models import Models
from personalize_local.runtime.views import Views
from personalize_local.settings import SettingError, Settings
from personalize_local.snapshots.saving import drop_unfinished
from personalize_local.store.answers import Answers
from personalize_local.store.cloudwatch import CloudWatch
from personalize_local.store.database import Database, lock
from personalize_local.store.objects import Objects, ObjectsConfig, WSGIApplication, open_objects
from personalize_local.store.records import Job
from personalize_local.throttling import Throttle
from personalize_local.timekeeping import Timekeeping, first_time

JOBS = {
    "datasetImportJob": JobType(run=importing.run, complete=importing.complete, tell=importing.tell),
    "solutionVersion": JobType(run=training.run, complete=training.complete),
    "recommender": JobType(run=training.run, complete=recommender.complete),
    "dataDeletionJob": JobType(run=deleting.run, complete=deleting.complete),
    "datasetExportJob": JobType(run=exporting.run),
    "batchInferenceJob": batch_jobs.INFERENCE,
    "batchSegmentJob": batch_jobs.SEGMENTS,
    "campaign": job_faults.CAMPAIGN,
}


class Emulator(Handles, Reports, Timekeeping):
    """Amazon Personalize, of one set of settings. Two emulators share nothing.

    ``start`` takes up unfinished jobs, ``close`` lets go of everything. Without a data folder the state is in a
    temporary folder that ``close`` removes.
    """

    def __init__(self, settings: Settings, *, check_output: bool = False) -> None:
        self.settings = settings
        self.kinds = KINDS
        self._check_output = check_output
        self.modes = Modes.parse(settings.status, frozenset(kind.mode_key for kind in KINDS.values()))
        self.quotas = Quotas.parse(settings.quotas)
        try:
            self.prices = pricelist.checked_name(settings.prices)
        except pricelist.UnknownPrices as error:
            raise SettingError(f"prices: {error}") from None
        self._throttle = Throttle()
        self.ids = Ids(settings.id_seed)
        self.root = _root(settings.data)
        try:
            self._lock = lock(self.root)
            self.database = Database(database_path(self.root))
        except ValueError as error:
            raise SettingError(f"data: {error}") from None
        self.clock = SettableClock(first_time(settings, self.database))
        self.answers: Answers[Lasting] = Answers()
        self.models = Models(self.root / "artifacts")
        self.jobs = JobRunner(
            database=self.database,
            clock=self.clock,
            types=JOBS,
            make_executor=self._make_executor,
            workplace=self._workplace,
            ended=self._job_ended,
            fails=lambda job: self.controls.job_reason(job),
            width=1 if settings.executor == "inline" else settings.workers,
        )
        self._storage = ObjectsConfig(root=settings.s3_root, endpoint_url=settings.s3_endpoint, region=settings.region)
        self._companion: WSGIApplication | None = None
        self.destinations = Destinations()
        self.shown = Shown()
        self.requests = Counting()
        self.measuring = Measuring()
        self._metrics_application: WSGIApplication | None = None
        self._clouds: dict[tuple[str, str], CloudWatch] = {}
        self.filters = Filters()
        self.views = Views(self._workplace(""))
        self._opened: dict[str, Objects] = {}
        model = load_service_model("personalize")
        self.taggable = taggable_kinds(model)
        models = [load_service_model("personalize-runtime"), load_service_model("personalize-events"), model]
        self.controls = Controls(models, journal=settings.journal, whose=self._whose, advance=self._move)
        handlers = (runtime.HANDLERS, events.HANDLERS, control_plane(model))
        self.services = tuple(map(self._service, models, handlers))

    @property
    def emulator(self) -> Emulator:
        """Itself: what a test holds has one."""
        return self

    def _service(self, model: ServiceModel, handlers: Any) -> Service[Context]:
        handlers = {operation: self.controls.pins.wrap(operation, handler) for operation, handler in handlers.items()}
        if self.settings.throttle:
            handlers = {operation: self._throttle.wrap(operation, handler) for operation, handler in handlers.items()}
        handlers = {operation: self.controls.wrap(operation, handler) for operation, handler in handlers.items()}
        return Service(
            model,
            handlers,
            make_context=self._context,
            new_request_id=self.ids.uuid,
            max_body=self.settings.max_body,
            check_output=self._check_output,
            observe=self.controls.journal.observer(model.service_name),
        )

    def _whose(self, request: Request, request_id: str) -> Context:
        return self._context(Call(operation="", request_id=request_id, scope=read_scope(request), request=request))

    def _context(self, call: Call) -> Context:
        scope = call.scope
        account, region = self.settings.account, self.settings.region
        if scope is not None:
            account = account_of(scope.access_key, account)
            region = scope.region if is_region(scope.region) else region
        return self._context_of(account, region, call.request_id, len(call.request.body))

    def _context_of(self, account: str, region: str, request_id: str, size: int = 0) -> Context:
        # Three decimals, as the service shows times (observed).
        now = round(self.clock.now(), 3)
        return Context(account=account, region=region, request_id=request_id, now=now, emulator=self, size=size)

    def _own_context(self) -> Context:
        return self._context_of(self.settings.account, self.settings.region, "")

    def _make_executor(self) -> Executor:
        return InlineExecutor() if self.settings.executor == "inline" else process_executor(self.settings.workers)

    def _workplace(self, account: str) -> Workplace:
        return Workplace(
            root=self.root,
            storage=self._objects_config(account),
            companion=self._companion if self.settings.executor == "inline" else None,
            seed=self.settings.seed,
            relaxed_minimums=self.settings.relaxed_minimums,
        )

    def _job_ended(self, job: Job) -> None:
        if job.kind == "dataDeletionJob":
            # What is in memory may know the users who were deleted.
            self.views.clear()
            self.models.clear()  # last, as that changes the stamp

    # Calls

    def accepts(self, request: Request) -> bool:
        """Whether a request is for one of the three services."""
        return any(service.accepts(request) for service in self.services)

    def handle(self, request: Request) -> Response:
        """Answer a request; what none of the services accepts is answered as the control plane answers strangers."""
        for service in self.services[:-1]:
            if service.accepts(request):
                return service.handle(request)
        return self.services[-1].handle(request)

    @property
    def stamp(self) -> tuple[int, int, int]:
        """Another one whenever an answer may have become another, but for the passing of time."""
        return self.database.generation, self.database.appended, self.models.cleared

    @property
    def may_repeat(self) -> bool:
        """Whether an answer may be given again: nothing is declared that calls have to pass, nor are they counted."""
        return not self.controls.any and not self.settings.throttle

    def keeps_waiting(self) -> bool:
        """Whether a fault may keep an answer back: such a call must not hold up others."""
        return self.controls.faults.slow

    # Storage

    def use_companion(self, application: WSGIApplication, endpoint_url: str) -> None:
        """Keep objects in the companion: in this process by a plain call, from child processes at ``endpoint_url``.

        A folder or an endpoint in the settings goes before it. Figures go to its CloudWatch in any case.
        """
        self._metrics_application = application
        if self._storage.root is None and self._storage.endpoint_url is None:
            self._companion = application
            self._storage = ObjectsConfig(endpoint_url=endpoint_url, region=self.settings.region)

    @property
    def spools(self) -> bool:
        """Whether imports are copied before they are acknowledged, as their buckets end with the process."""
        return self._companion is not None and self.settings.data is not None

    def objects_for(self, account: str) -> Objects:
        """The object storage as an account sees it."""
        if self._companion is None:
            # Made anew each time: what a client reaches may change with the mocks that are active.
            return open_objects(self._storage)
        if account not in self._opened:
            self._opened[account] = open_objects(self._objects_config(account), self._companion)
        return self._opened[account]

    def cloudwatch_for(self, account: str, region: str) -> CloudWatch | None:
        """CloudWatch as an account sees it in a region; None without the companion."""
        if self._metrics_application is None:
            return None
        if (account, region) not in self._clouds:
            self._clouds[account, region] = CloudWatch(self._metrics_application, account, region)
        return self._clouds[account, region]

    def _objects_config(self, account: str) -> ObjectsConfig:
        if self._companion is None:
            return self._storage
        # The companion tells accounts apart by the access key.
        return ObjectsConfig(
            endpoint_url=self._storage.endpoint_url,
            region=self._storage.region,
            access_key=account or self.settings.account,
            secret_key="companion",  # never verified
        )

    # Life

    def run_due(self) -> float | None:
        """Begin what is due by now and happens by itself; when something is due next, None for never."""
        self.requests.write(self.database)
        context = self._own_context()
        dates = (schedule.run_due(context), self.measuring.run_due(context))
        return min((date for date in dates if date is not None), default=None)

    def start(self) -> None:
        """Delete what a crash left unfinished on disk and take up unfinished jobs."""
        drop_incoming(self._workplace("").spool)
        drop_unfinished(self.root)
        self.resume()

    def health(self) -> dict[str, Any]:
        """What a health check reports."""
        return {
            "status": "ready",
            "version": personalize_local.__version__,
            "services": {service.model.service_name: "available" for service in self.services},
            "jobs": {"running": self.jobs.running},
        }

    def reset(self) -> None:
        """Forget all resources, data, events and models."""
        with self.database.alone():
            with self.database.write() as rows:
                rows.clear()
            self.jobs.abandon()
        self.forget()
        self.jobs.end_abandoned()
        # Calls are answered meanwhile, and what they began stands.
        self.resume()

    def save_snapshot(self, path: str | PathLike[str]) -> dict[str, Any]:
        """Write the whole state to one file while calls are answered; what it says of itself. Raises SnapshotError."""
        from personalize_local.snapshots.saving import save

        return save(self, Path(path)).facts()

    def load_snapshot(self, path: str | PathLike[str], name: str | None = None) -> dict[str, Any]:
        """Make the state that of a snapshot; what it says of itself. ``name`` stands for the path in errors.

        Raises SnapshotError, having changed nothing.
        """
        from personalize_local.snapshots.loading import load

        return load(self, Path(path), name).facts()

    def stream_snapshot(self) -> Iterator[bytes]:
        """The parts of a snapshot, of the moment at which the first one is asked for."""
        from personalize_local.snapshots.saving import stream

        return stream(self)

    def resume(self) -> None:
        """Take up what the store says is unfinished, and delete what it does not name."""
        metering.catch_up(self._own_context())
        self.jobs.sweep()
        self.jobs.resume()

    def forget(self) -> None:
        """Let go of what is in memory: the store is another one."""
        self.views.clear()
        self.filters.clear()
        self.models.clear()  # after what else answers are made of, as that changes the stamp
        self.destinations.clear()
        self.shown.clear()
        self.measuring.clear()
        self._throttle.clear()
        self.controls.clear()
        # A clock goes again as it was set to; a virtual one keeps its time.
        self.clock.follow_machine() if self.settings.clock is None else self.clock.freeze()
        self.requests.clear()

    def close(self) -> None:
        """Stop jobs and close the store."""
        self.jobs.close()
        try:
            if self.settings.data is not None:
                self.requests.write(self.database)
                self.keep_time()
        finally:
            self.database.close()
            self._lock.close()
            self.models.clear()
            if self.settings.data is None:
                shutil.rmtree(self.root, ignore_errors=True)


def build(settings: Settings, *, check_output: bool = False) -> Emulator:
    """Make an emulator. Raises SettingError. ``check_output`` makes answers that break their shape raise: for tests."""
    return Emulator(settings, check_output=check_output)


def _root(data: Path | None) -> Path:
    if data is None:
        return Path(tempfile.mkdtemp(prefix="personalize-local-"))
    try:
        data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as error:
        raise SettingError(f"data: {data} cannot be written: {error.strerror}") from None
    return data

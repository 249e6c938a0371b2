"""The Flask application with the admin pages below ``/_personalize``: health, clock, jobs, costs and more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from flask import Blueprint, Flask, jsonify, request

from personalize_local.server.control_pages import Controlled, add_control_pages
from personalize_local.server.experiment_pages import Experimented, add_experiment_pages

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from werkzeug.exceptions import HTTPException

    from personalize_local.server.companion import Companion

_JOBS_SHOWN = 20
_MOST_JOBS = 1000
_FIGURES_SHOWN = 1000
_MOST_FIGURES = 100_000


class Administered(Controlled, Experimented, Protocol):
    """What the pages need of the emulator."""

    def health(self) -> dict[str, Any]:
        """What it says of itself, as JSON values."""
        ...

    def reset(self) -> None:
        """Forget everything."""
        ...

    def job_report(self, arn: str) -> dict[str, Any] | None:
        """What a job of any kind is doing or what came of it, as JSON values; None where there is no such job."""
        ...

    def job_reports(self, limit: int) -> list[dict[str, Any]]:
        """The same of the newest jobs, newest first."""
        ...

    def import_report(self, arn: str) -> dict[str, Any] | None:
        """What became of an import job, as JSON values; None where there is no such job."""
        ...

    def import_reports(self, limit: int) -> list[dict[str, Any]]:
        """The same of the newest import jobs, newest first."""
        ...

    def flush_attributions(self) -> dict[str, int]:
        """Measure all events that have come, for the metric attributions."""
        ...

    def attribution_reports(self, limit: int) -> list[dict[str, Any]]:
        """The metric attributions with their newest figures, as JSON values."""
        ...

    def costs(self, prices: str | None = None, account: str | None = None, *, free: bool = False) -> dict[str, Any]:
        """What all use until now would have cost, as JSON values. Raises ValueError."""
        ...


def create_pages(emulator: Administered, companion: Companion | None) -> Flask:
    """The application for one server."""
    application = Flask("personalize_local", static_folder=None, template_folder=None)
    application.register_blueprint(_admin(emulator, companion))
    _answer_errors_in_json(application)
    return application


def _admin(emulator: Administered, companion: Companion | None) -> Blueprint:
    pages = Blueprint("admin", __name__, url_prefix="/_personalize")

    @pages.get("/health")
    def health() -> ResponseReturnValue:
        return jsonify({**emulator.health(), "companion": "off" if companion is None else "on"})

    @pages.post("/reset")
    def reset() -> ResponseReturnValue:
        emulator.reset()
        if companion is not None:
            companion.reset()
        return jsonify({"status": "ok"})

    @pages.before_request
    def refuse_other_sites() -> ResponseReturnValue | None:
        # A page of some web site, open in a browser on this machine, can post here; it cannot hide where it is from.
        if (
            request.method in ("POST", "DELETE")
            and request.headers.get("Origin", request.host_url[:-1]) != request.host_url[:-1]
        ):
            return jsonify({"status": "error", "message": "403 Forbidden"}), 403
        return None

    _add_costs(pages, emulator)
    _add_reports(pages, "import-jobs", "importJobs", "import job", emulator.import_reports, emulator.import_report)
    _add_reports(pages, "jobs", "jobs", "job", emulator.job_reports, emulator.job_report)
    _add_attributions(pages, emulator)
    add_experiment_pages(pages, emulator)
    add_control_pages(pages, emulator)
    return pages


def _add_costs(pages: Blueprint, emulator: Administered) -> None:
    @pages.get("/costs")
    def costs() -> ResponseReturnValue:
        unknown = sorted(set(request.args) - {"prices", "account", "free"})
        try:
            if unknown:
                raise ValueError(f"unknown parameter: {', '.join(unknown)}")
            free = {"0": False, "1": True}.get(request.args.get("free", "0"))
            if free is None:
                raise ValueError("free must be 0 or 1")
            return jsonify(emulator.costs(request.args.get("prices"), request.args.get("account"), free=free))
        except ValueError as error:
            return jsonify({"status": "error", "message": str(error)}), 400


def _add_reports(
    pages: Blueprint,
    path: str,
    member: str,
    name: str,
    all_: Callable[[int], list[dict[str, Any]]],
    one: Callable[[str], dict[str, Any] | None],
) -> None:
    @pages.get(f"/{path}", endpoint=path)
    def newest() -> ResponseReturnValue:
        limit = _limit(_JOBS_SHOWN, _MOST_JOBS)
        return _bad_limit(_MOST_JOBS) if limit is None else jsonify({member: all_(limit)})

    @pages.get(f"/{path}/<path:arn>", endpoint=f"one of {path}")
    def single(arn: str) -> ResponseReturnValue:
        report = one(arn)
        if report is None:
            return jsonify({"status": "error", "message": f"there is no {name} of this ARN"}), 404
        return jsonify(report)


def _add_attributions(pages: Blueprint, emulator: Administered) -> None:
    @pages.get("/metric-attributions")
    def metric_attributions() -> ResponseReturnValue:
        limit = _limit(_FIGURES_SHOWN, _MOST_FIGURES)
        if limit is None:
            return _bad_limit(_MOST_FIGURES)
        return jsonify({"metricAttributions": emulator.attribution_reports(limit)})

    @pages.post("/metric-attributions/flush")
    def flush() -> ResponseReturnValue:
        return jsonify(emulator.flush_attributions())


def _limit(default: int, most: int) -> int | None:
    """How many are asked for; None where it is no number that may be."""
    try:
        limit = int(request.args.get("limit", default))
    except ValueError:
        return None
    return limit if 1 <= limit <= most else None


def _bad_limit(most: int) -> ResponseReturnValue:
    return jsonify({"status": "error", "message": f"limit must be between 1 and {most}"}), 400


def _answer_errors_in_json(application: Flask) -> None:
    # What broke goes to the log and never into the answer.
    from werkzeug.exceptions import HTTPException

    @application.errorhandler(HTTPException)
    def known(error: HTTPException) -> ResponseReturnValue:
        response = error.get_response()  # carries Allow and such
        response.set_data(application.json.dumps({"status": "error", "message": f"{error.code} {error.name}"}))
        response.content_type = "application/json"
        return response

    @application.errorhandler(Exception)
    def unknown(error: Exception) -> ResponseReturnValue:
        application.logger.error("an admin page failed", exc_info=error)
        return jsonify({"status": "error", "message": "500 Internal Server Error"}), 500

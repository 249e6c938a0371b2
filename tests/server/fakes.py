"""A stand-in for the emulator: remembers what it was asked and answers as told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from botocore_shapes.http import Request, Response


@dataclass
class FakeEmulator:
    response: Response = field(
        default_factory=lambda: Response(
            status=200, headers={"content-type": "application/x-amz-json-1.1"}, body=b"{}", operation="ListSchemas"
        )
    )
    requests: list[Request] = field(default_factory=list)
    resets: int = 0
    started: bool = False
    closed: bool = False
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    companions: list[tuple[Any, str]] = field(default_factory=list)

    def use_companion(self, application: Any, endpoint_url: str) -> None:
        self.companions.append((application, endpoint_url))

    def accepts(self, request: Request) -> bool:
        return request.headers.get("x-amz-target", "").startswith("AmazonPersonalize.") or request.path.startswith(
            ("/events", "/recommendations")
        )

    def handle(self, request: Request) -> Response:
        self.requests.append(request)
        return self.response

    def health(self) -> dict[str, Any]:
        return {"status": "running", "jobs": {"running": 0}}

    def reset(self) -> None:
        self.resets += 1

    def import_report(self, arn: str) -> dict[str, Any] | None:
        return self.reports.get(arn)

    def import_reports(self, limit: int) -> list[dict[str, Any]]:
        return list(self.reports.values())[:limit]

    def job_report(self, arn: str) -> dict[str, Any] | None:
        return self.reports.get(arn)

    def job_reports(self, limit: int) -> list[dict[str, Any]]:
        return list(self.reports.values())[:limit]

    def flush_attributions(self) -> dict[str, int]:
        return {"published": 0, "waiting": 0}

    def attribution_reports(self, limit: int) -> list[dict[str, Any]]:
        return [{}][:limit]

    def advance(self, seconds: float) -> float:
        raise ValueError(f"no clock to move by {seconds}")

    def costs(self, prices: str | None = None, account: str | None = None, *, free: bool = False) -> dict[str, Any]:
        if prices == "none":
            raise ValueError("'none' is no price list")
        return {"prices": prices, "account": account, "free": free}

    def run_due(self) -> float | None:
        return None

    def start(self) -> None:
        self.started = True

    def close(self) -> None:
        self.closed = True

    def keeps_waiting(self) -> bool:
        return False

    def look(self) -> None:
        pass

"""Figures on their way to CloudWatch, as a WSGI application of this process answers for it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from personalize_local.store.objects import WSGIApplication

AT_ONCE = 1000
"""Data of one PutMetricData, at most (documented by CloudWatch)."""


class CloudWatchError(Exception):
    """CloudWatch did not take what it was sent; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """One value of a metric. ``timestamp`` is in epoch seconds."""

    metric: str
    dimensions: Sequence[tuple[str, str]]
    timestamp: int
    value: float
    unit: str


class CloudWatch:
    """CloudWatch as an account sees it in a region. It is asked for nothing before the first call."""

    def __init__(self, application: WSGIApplication, account: str, region: str) -> None:
        self._application, self._account, self._region = application, account, region
        self._lock = threading.Lock()
        self._kept: Any = None

    def put(self, namespace: str, data: Sequence[Datum]) -> None:
        """PutMetricData of :data:`AT_ONCE` data at most: all or none are taken. Raises CloudWatchError."""
        self._call("put_metric_data", Namespace=namespace, MetricData=[_as_given(one) for one in data])

    def has(self, namespace: str, dimension: str, value: str) -> bool:
        """Whether there is any metric in a namespace with a dimension of this value. Raises CloudWatchError."""
        wanted = [{"Name": dimension, "Value": value}]
        return bool(self._call("list_metrics", Namespace=namespace, Dimensions=wanted)["Metrics"])

    def _call(self, name: str, **given: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self._client(), name)(**given)
        except (BotoCoreError, ClientError) as error:
            raise CloudWatchError(str(error)) from None

    def _client(self) -> Any:
        with self._lock:
            if self._kept is None:
                import boto3
                from botocore.config import Config

                from personalize_local.store.objects_wsgi import answer_with

                options: dict[str, Any] = {
                    "retries": {"total_max_attempts": 1},
                    "ignore_configured_endpoint_urls": True,
                }
                # The companion tells accounts apart by the access key, and verifies nothing.
                session = boto3.session.Session(self._account, "companion", region_name=self._region)
                make: Any = session.client  # its stubs want a literal name
                self._kept = make("cloudwatch", endpoint_url="http://127.0.0.1", config=Config(**options))
                self._kept.meta.events.register_first("before-send.cloudwatch", answer_with(self._application))
            return self._kept


def _as_given(datum: Datum) -> dict[str, Any]:
    return {
        "MetricName": datum.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in datum.dimensions],
        "Timestamp": datum.timestamp,
        "Value": datum.value,
        "Unit": datum.unit,
    }

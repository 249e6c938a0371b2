"""The events service: records as they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.events.put_events import put_events

__all__ = ["HANDLERS"]

HANDLERS: dict[str, Callable[[Context, dict[str, Any]], Mapping[str, Any] | None]] = {"PutEvents": put_events}

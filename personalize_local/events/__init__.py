"""The events service: records as they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.events.put_action_interactions import put_action_interactions
from personalize_local.events.put_events import put_events
from personalize_local.events.put_records import put_actions, put_items, put_users

__all__ = ["HANDLERS"]

HANDLERS: dict[str, Callable[[Context, dict[str, Any]], Mapping[str, Any] | None]] = {
    "PutActionInteractions": put_action_interactions,
    "PutActions": put_actions,
    "PutEvents": put_events,
    "PutItems": put_items,
    "PutUsers": put_users,
}

"""For tests of code that calls Personalize: ``mock_personalize``, waiters, and pytest fixtures in ``plugin``."""

from personalize_local.testing.mock import MockPersonalize, mock_personalize
from personalize_local.waiting import ResourceFailed, WaitTimeout, wait_until_active, wait_until_deleted

__all__ = [
    "MockPersonalize",
    "ResourceFailed",
    "WaitTimeout",
    "mock_personalize",
    "wait_until_active",
    "wait_until_deleted",
]

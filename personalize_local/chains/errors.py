"""What goes wrong with a chain: before the first call, or at one."""

from __future__ import annotations


class ChainError(ValueError):
    """The chain itself cannot be used; no call was made. The message is one line and names the place in the file."""


class ApplyError(RuntimeError):
    """The service refused or failed something, or a change that it cannot make is declared. The message is one line."""

"""Explanations of answers from Python: ``explain("home", userId="u1")`` asks a running server."""

from __future__ import annotations

import os
from typing import Any

import click

from personalize_local.commands.calling import Server
from personalize_local.settings import Settings

__all__ = ["NoExplanation", "explain"]


class NoExplanation(Exception):
    """The server is not there or refuses; the message says why."""


def explain(name: str, *, url: str | None = None, **params: Any) -> dict[str, Any]:
    """How a campaign or recommender, by name or ARN, comes to its answer to the parameters of GetRecommendations.

    With ``inputList`` it is the answer of GetPersonalizedRanking. docs/explain.md has the form. Raises NoExplanation.
    """
    server = Server(url or Settings.load({}, os.environ).url)
    try:
        arn, kind = server.arn_of(name, "campaign", "recommender")
        told: dict[str, Any] = server.admin("explain", {f"{kind}Arn": arn, **params})
    except click.ClickException as error:
        raise NoExplanation(error.message) from None
    return told

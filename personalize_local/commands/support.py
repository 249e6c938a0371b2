"""What ``support`` prints: all that a report of a fault needs, and nothing that is secret."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

import click

from personalize_local import __version__
from personalize_local.commands.calling import Server
from personalize_local.settings import SETTINGS, Settings

__all__ = ["support_facts", "support_lines"]

HIDDEN = "(hidden)"
_SECRET = re.compile("secret|password|token|credential|access_?key", re.IGNORECASE)
_LIBRARIES = (
    "botocore",
    "boto3",
    "numpy",
    "scipy",
    "implicit",
    "pyarrow",
    "flask",
    "waitress",
    "moto",
    "click",
    "pytest",
)
_COUNTED = {
    "ListDatasetGroups": "datasetGroups",
    "ListSchemas": "schemas",
    "ListDatasets": "datasets",
    "ListDatasetImportJobs": "datasetImportJobs",
    "ListEventTrackers": "eventTrackers",
    "ListSolutions": "solutions",
    "ListSolutionVersions": "solutionVersions",
    "ListCampaigns": "campaigns",
    "ListRecommenders": "recommenders",
    "ListFilters": "Filters",
    "ListBatchInferenceJobs": "batchInferenceJobs",
    "ListBatchSegmentJobs": "batchSegmentJobs",
}


def support_facts(server: Server, settings: Settings) -> dict[str, Any]:
    """Versions, settings without secrets, health and counts, as JSON values."""
    facts: dict[str, Any] = {
        "versions": {
            "personalize-local": __version__,
            "python": sys.version.split()[0],
            "platform": platform.platform(),
            **{name: _version(name) for name in _LIBRARIES},
        },
        "settings": _settings(settings),
        "url": _without_user(server.url),
    }
    try:
        facts["health"] = server.health()
        facts["counts"] = {
            member[0].lower() + member[1:]: sum(1 for _ in server.every(operation, member))
            for operation, member in _COUNTED.items()
        }
    except click.ClickException as error:
        facts.setdefault("health", {"status": "none", "message": error.message})
    return facts


def support_lines(facts: Mapping[str, Any]) -> list[str]:
    """The same for people."""
    lines = []
    for title, values in facts.items():
        if not isinstance(values, Mapping):
            lines.append(f"{title}: {values}")
            continue
        lines.append(f"{title}:")
        lines += [f"  {name}: {'-' if value is None else value}" for name, value in values.items()]
    return lines


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _settings(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for setting in SETTINGS:
        value = getattr(settings, setting.name)
        text = None if value is None else str(value)
        found[setting.name] = HIDDEN if text and _SECRET.search(setting.name) else _without_user(text)
    return found


def _without_user(text: str | None) -> str | None:
    """A text; of a URL without the user and the password that it may have."""
    if text is None or "://" not in text or "@" not in text:
        return text
    parts = urlsplit(text)
    return parts._replace(netloc=f"{HIDDEN}@{parts.netloc.rpartition('@')[2]}", query="").geturl()

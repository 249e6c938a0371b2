"""Chains as files: from ``personalize.yaml`` or a CloudFormation template to running campaigns, here and on AWS.

Only boto3 clients are used, so that the same code drives the service. Nothing heavy is imported before it is needed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from personalize_local.chains.applying import Applying
from personalize_local.chains.errors import ApplyError, ChainError
from personalize_local.chains.local import hand_over
from personalize_local.chains.model import Chain
from personalize_local.chains.reading import read
from personalize_local.chains.remote import Remote
from personalize_local.chains.report import Report, Step

__all__ = ["ApplyError", "Chain", "ChainError", "Report", "Step", "apply", "read"]

LOCAL_ROLE = "arn:aws:iam::000000000000:role/personalize-local"
LOCAL_BUCKET = "personalize-local-chains"
"""What stands in on a local server for a role and a bucket that the file does not name."""
_TIMEOUTS = {"local": 600.0, "aws": 6 * 3600.0}
"""Seconds a resource may take to become ACTIVE. Chosen: trainings on AWS take an hour or two."""


def apply(
    chain: Chain | Mapping[str, Any] | str | Path,
    clients: Any,
    *,
    base: Path | None = None,
    target: Literal["local", "aws"] = "local",
    wait: bool = True,
    replace: bool = False,
    role: str | None = None,
    bucket: str | None = None,
    timeout: float | None = None,
    say: Callable[[str], object] = str,
) -> Report:
    """Make what ``chain`` declares, a second time without changing anything.

    ``chain`` is a mapping, a YAML or JSON file, a folder with personalize.yaml, a CloudFormation template, or what
    :func:`read` gave; relative paths begin at the file's folder, or at ``base``. ``clients`` has, as attributes or
    keys, ``personalize`` and for local files ``s3``, plain boto3 clients, and may have ``url`` of a local server.
    Without ``wait`` it waits only where the next step needs it. ``replace`` deletes and makes anew what cannot be
    updated, except what holds data. ``timeout`` is in seconds, for each resource. ``say`` takes lines of progress
    (the default drops them).

    Raises ChainError before any call, and ApplyError where the service refuses or fails; what was made by then stays,
    and the next run goes on from there.
    """
    wanted = chain if isinstance(chain, Chain) else read(chain, base=base)
    checked_role, checked_bucket = check_target(wanted, target, role, bucket)
    personalize, s3 = _member(clients, "personalize"), _member(clients, "s3", needed=needs_bucket(wanted))
    applying = Applying(
        wanted,
        Remote(personalize, _TIMEOUTS[target] if timeout is None else timeout),
        s3,
        role=checked_role,
        bucket=checked_bucket,
        make_bucket=target == "local",
        replace=replace,
        say=say,
    )
    report = applying.run(wait=wait)
    if wanted.pins or wanted.faults:
        url = _member(clients, "url", needed=False) or personalize.meta.endpoint_url
        report = dataclasses.replace(report, declared=tuple(hand_over(wanted, url)))
        for name in report.declared:
            say(f"declared  {name}")
    return report


def needs_bucket(chain: Chain) -> bool:
    """Whether local files are to be uploaded."""
    return any(resource.files for resource in chain.resources)


def check_target(
    chain: Chain, target: Literal["local", "aws"], role: str | None, bucket: str | None
) -> tuple[str | None, str | None]:
    """Role and bucket to use. Raises ChainError for what the target lacks or does not take."""
    role, bucket = role or chain.role, bucket or chain.bucket
    if target == "local":
        return role or LOCAL_ROLE, bucket or LOCAL_BUCKET
    for name, section in (("pins", chain.pins), ("faults", chain.faults)):
        if section is not None:
            raise ChainError(f"{name}: only a local server has them; take them out for the target aws")
    needs_role = any(
        resource.kind in ("datasetImportJob", "metricAttribution") and "roleArn" not in str(resource.params)
        for resource in chain.resources
    )
    if needs_role and role is None:
        raise ChainError("role: the target aws needs the ARN of a role that may read the data")
    if needs_bucket(chain) and bucket is None:
        raise ChainError("bucket: the target aws needs a bucket for local files")
    return role, bucket


def _member(clients: Any, name: str, *, needed: bool = True) -> Any:
    found = clients.get(name) if isinstance(clients, Mapping) else getattr(clients, name, None)
    if found is None and needed:
        raise ChainError(f"clients: a client of {name} is needed")
    return found

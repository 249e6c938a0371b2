"""The environment in which a program of another SDK reaches a server, and nothing of this machine."""

from __future__ import annotations

import os

__all__ = ["surroundings"]

_KEPT_OUT = ("AWS_", "PERSONALIZE_LOCAL_", "NODE_")


def surroundings(url: str, account: str) -> dict[str, str]:
    """Environment variables for a process that uses the server at ``url`` as ``account``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_KEPT_OUT)}
    return kept | {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "secret",
        # The SDK for JavaScript reads the first, the command line of AWS the second.
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }

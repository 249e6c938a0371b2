"""Amazon resource names of the service: made, taken apart, and told by kind."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REGION = re.compile("[a-z0-9-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Arn:
    """``arn:PARTITION:personalize:REGION:ACCOUNT:TAIL``; ``tail`` is ``TYPE/NAME…``."""

    partition: str
    service: str
    region: str
    account: str
    tail: str

    @property
    def type(self) -> str:
        """The resource type, for instance ``dataset-group``."""
        return self.tail.partition("/")[0]


def is_account(text: str) -> bool:
    """Whether ``text`` is an account: twelve digits."""
    return len(text) == 12 and text.isascii() and text.isdigit()


def account_of(access_key: str, default: str) -> str:
    """The account of a caller: an access key of twelve digits names it (ours)."""
    return access_key if is_account(access_key) else default


def is_region(text: str) -> bool:
    """Whether ``text`` can be a region; anything else would break the ARNs that it becomes part of."""
    return _REGION.fullmatch(text) is not None


def parse_arn(text: str) -> Arn | None:
    """Take an ARN apart; None when it is none."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return None
    return Arn(parts[1], parts[2], parts[3], parts[4], parts[5])


def partition_of(region: str) -> str:
    """The partition that a region belongs to."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def make_arn(region: str, account: str, tail: str) -> str:
    """The ARN of a resource of this service."""
    return f"arn:{partition_of(region)}:personalize:{region}:{account}:{tail}"

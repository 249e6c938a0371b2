"""A small server on a clock that stands, with one campaign of the popular items."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Small
from tests.wire.program import POPULARITY, interactions_csv


@dataclass(frozen=True, kw_only=True)
class Shop:
    small: Small
    group: str
    campaign: str

    @property
    def emulator(self) -> Any:
        return self.small.server.emulator

    def recommend(self, campaign: str | None = None, **more: Any) -> Any:
        return self.small.program.runtime.get_recommendations(campaignArn=campaign or self.campaign, **more)


def error_of(call: Callable[[], object]) -> tuple[str, str, int, str]:
    """Code, words, status and class of the error that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    error = answer["Error"]
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return error["Code"], error["Message"], status, type(caught.value).__name__


@pytest.fixture
def shop(small: Callable[..., Small]) -> Shop:
    room = small()
    program = room.program
    group = program.group()
    program.load(program.dataset(group), interactions_csv())
    campaign = program.campaign(program.version(program.solution(group, "top", POPULARITY)), "top")
    return Shop(small=room, group=group, campaign=campaign)

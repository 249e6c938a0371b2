"""Clients of aiobotocore reach the server as any other client does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from personalize_local.server.serving import BackgroundServer
from tests.conftest import World

session = pytest.importorskip(
    "aiobotocore.session", reason="aiobotocore is not installed (pip install 'personalize-local[aio]')"
)


def test_many_calls_of_one_asynchronous_client_at_once(server: BackgroundServer, world: World) -> None:
    async def ask() -> list[list[str]]:
        given: dict[str, Any] = {
            "region_name": world.program.region,
            "endpoint_url": server.url,
            "aws_access_key_id": world.program.account,
            "aws_secret_access_key": "secret",
        }
        async with session.get_session().create_client("personalize-runtime", **given) as runtime:
            calls = [
                runtime.get_recommendations(campaignArn=world.personal, userId=f"u{user}", numResults=5)
                for user in range(10)
            ]
            answers = await asyncio.gather(*calls)
        return [[item["itemId"] for item in answer["itemList"]] for answer in answers]

    answered = asyncio.run(ask())
    expected = [
        [item["itemId"] for item in world.program.recommend(world.personal, f"u{user}", numResults=5)]
        for user in range(10)
    ]
    assert answered == expected
    assert all(len(items) == 5 for items in answered)


def test_errors_are_those_of_the_service(server: BackgroundServer) -> None:
    async def ask() -> Any:
        given: dict[str, Any] = {
            "region_name": "us-east-1",
            "endpoint_url": server.url,
            "aws_access_key_id": "111122223333",
            "aws_secret_access_key": "secret",
        }
        async with session.get_session().create_client("personalize", **given) as personalize:
            with pytest.raises(personalize.exceptions.ResourceNotFoundException) as caught:
                await personalize.describe_schema(schemaArn="arn:aws:personalize:us-east-1:111122223333:schema/none")
            return caught.value.response["Error"]["Message"]

    assert "arn:aws:personalize:us-east-1:111122223333:schema/none" in asyncio.run(ask())

"""What ``recommend``, ``rank`` and ``explain`` do: from options to a call, and from its answer to lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from personalize_local.commands.calling import Server

__all__ = ["Asked", "explanation_lines", "item_lines", "print_answer"]

_MOST_DROPPED = 10


class Asked:
    """The parameters of a call, made of the options of a command. Raises UsageError and ClickException."""

    def __init__(self, server: Server, name: str, kinds: Sequence[str]) -> None:
        self._server = server
        arn, kind = server.arn_of(name, *kinds)
        self.params: dict[str, Any] = {f"{kind}Arn": arn}

    def about(self, **members: Any) -> Asked:
        """With members of the call; None and empty ones are left out."""
        self.params |= {name: value for name, value in members.items() if value not in (None, (), [])}
        return self

    def filtered(self, name: str | None, values: Sequence[str]) -> Asked:
        """With a filter, by name or ARN, and K=V for its placeholders; text gets the quotes that the API asks for."""
        if name is None and values:
            raise click.UsageError("--value needs --filter.")
        if name is not None:
            self.params["filterArn"], _ = self._server.arn_of(name, "filter")
        if values:
            self.params["filterValues"] = {key: _quoted(value) for key, value in _pairs(values, "--value").items()}
        return self

    def within(self, context: Sequence[str]) -> Asked:
        """With K=V of the context."""
        if context:
            self.params["context"] = _pairs(context, "--context")
        return self


def _pairs(texts: Sequence[str], flag: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, found, value = text.partition("=")
        if not found or not name:
            raise click.UsageError(f"{flag} {text}: write K=V.")
        if name in pairs:
            raise click.UsageError(f"{flag} {name} is given twice.")
        pairs[name] = value
    return pairs


def _quoted(value: str) -> str:
    """A value in quotes, or each of several between commas; one that has quotes stays as it is."""
    return value if '"' in value else ",".join(f'"{each.strip()}"' for each in value.split(","))


def print_answer(answer: Mapping[str, Any], lines: Iterator[str], *, as_json: bool) -> None:
    """Print an answer."""
    if as_json:
        click.echo(json.dumps(answer, indent=2))
        return
    for line in lines:
        click.echo(line)


def item_lines(items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each item: place, id, score, and what else the answer says of it."""
    if not items:
        yield "No items. personalize-local explain tells why."
    width = max((len(item["itemId"]) for item in items), default=0)
    for place, item in enumerate(items, 1):
        score = f"{item['score']:.7f}" if "score" in item else ""
        more = [item["promotionName"]] if "promotionName" in item else []
        more += [*item.get("reason", ()), *(f"{key}={value}" for key, value in item.get("metadata", {}).items())]
        yield f"{place:>3}  {item['itemId']:<{width}}  {score:<9}  {'; '.join(more)}".rstrip()


def explanation_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The explanation of an answer for people."""
    yield f"{told['arn']} ({told['recipe']})"
    if told["history"]:
        shown = ", ".join(told["history"][:_MOST_DROPPED])
        rest = len(told["history"]) - _MOST_DROPPED
        yield f"history, newest first: {shown}" + (f" and {rest} more" if rest > 0 else "")
    yield from told["notes"]
    if "empty" in told:
        yield told["empty"]
    for line, item in zip(item_lines(told["items"]), told["items"], strict=False):
        yield line
        parts = sorted(item["parts"].items(), key=lambda part: -abs(part[1]))
        if parts:
            yield f"     logit {item['logit']:+.3f} = " + "  ".join(f"{name} {value:+.3f}" for name, value in parts)
    yield from _around(told)


def _around(told: Mapping[str, Any]) -> Iterator[str]:
    """What the filter, promotions and exploration did."""
    filtered, promotion, exploration = told["filter"], told.get("promotion"), told.get("exploration")
    if filtered is not None:
        would = "; these would have come:" if filtered["dropped"] else ""
        yield f"filter: {filtered['allowed']} of {filtered['of']} items may come{would}"
        for dropped in filtered["dropped"][:_MOST_DROPPED]:
            yield f"     {dropped['itemId']}  {dropped['why']}"
        if len(filtered["dropped"]) > _MOST_DROPPED:
            yield f"     and {len(filtered['dropped']) - _MOST_DROPPED} more"
    if promotion is not None:
        yield f"promotion {promotion['name']}: {len(promotion['items'])} of {promotion['places']} places filled"
    if exploration is not None and exploration["places"]:
        yield f"exploration: places {', '.join(map(str, exploration['places']))}"

"""Where each sentence and each rule comes from: what is declared beside the code is what docs/fidelity.md lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from botocore_shapes.errors import ServiceError

Provenance = Literal["documented", "observed", "inferred", "chosen"]
"""Documented by AWS or its service model; observed in captured output or in programs written against the service;
inferred from neighbouring facts; chosen by us where nothing was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A behaviour that is no refusal: what is so, how it is known, and the page or program that says it."""

    says: str
    known: Provenance
    source: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text that clients read, with named fields in braces: ``sentence(name=...)`` fills them in.

    ``rule`` says how it is known that it is said, ``wording`` how its words are; ``said`` is where it appears.
    """

    text: str
    rule: Provenance
    wording: Provenance
    said: str
    source: str = ""

    def __call__(self, **facts: object) -> str:
        return self.text.format_map(facts)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way in which a call is refused: ``raise REFUSAL(arn=...)``.

    ``code`` is the error's class and ``text`` its sentence with named fields in braces. ``rule`` says how it is known
    that the call is refused, ``error`` how its class is, ``wording`` how its words are.
    """

    code: str
    text: str
    rule: Provenance
    error: Provenance = "inferred"
    wording: Provenance = "chosen"
    source: str = ""
    status: int | None = None

    def __call__(self, **facts: object) -> ServiceError:
        return ServiceError(self.code, self.text.format_map(facts), status=self.status)


def invalid(
    text: str,
    rule: Provenance,
    source: str = "",
    *,
    error: Provenance = "inferred",
    wording: Provenance = "chosen",
) -> Refusal:
    """A refusal of class InvalidInputException: a business rule is broken."""
    return Refusal("InvalidInputException", text, rule, error, wording, source)

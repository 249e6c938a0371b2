"""The kinds of resources, each as the facts of the control plane say (sections 1.3, 1.4, 1.5 and 2.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from .parameters import Params
from .stage import CREATE, DELETION, Span, Stage, Words

MODEL = ServiceModel(Loader().load_service_model("personalize", "service-2"))
TIMES = frozenset({"creationDateTime", "lastUpdatedDateTime"})


@dataclass(frozen=True, kw_only=True)
class Update:
    """An update that takes time.

    ``change`` gives the parameters and what they change of a description, ``view`` are the members of the latest
    update beside status and times. With ``shows``, the resource's own status is the update's meanwhile.
    """

    change: Callable[[Stage, Mapping[str, Any]], tuple[Params, Params]]
    view: str
    span: Span
    words: Words = CREATE
    shows: bool = False
    same_is_refused: bool = True


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way to make a resource of a kind.

    ``members`` and ``summary`` are all that a description and a summary have beside status and times, ``done`` those
    that come with the end of the creation, ``answer`` those of the answer to it beside the ARN. ``tail`` is the
    ARN's.
    """

    kind: str
    variant: str = "plain"
    params: Callable[[Stage, str], Params]
    tail: str
    list_key: str
    members: str
    summary: str
    list_filter: str | None = "datasetGroupArn"
    answer: str = ""
    done: str = ""
    span: Span
    words: Words | None = CREATE
    deletion: tuple[str, str] | None = DELETION
    update: Update | None = None

    def __str__(self) -> str:
        return f"{self.kind}-{self.variant}"

    @property
    def title(self) -> str:
        """The kind as operations spell it."""
        return self.kind[0].upper() + self.kind[1:]

    @property
    def arn_member(self) -> str:
        """The member that carries the ARN."""
        return f"{self.kind}Arn"

    @property
    def name_member(self) -> str:
        """The member of a creation that carries the name."""
        return "jobName" if self.kind.endswith("Job") else "name"

    @property
    def taggable(self) -> bool:
        """Whether a creation takes tags."""
        shape: Any = MODEL.operation_model(f"Create{self.title}").input_shape
        return "tags" in shape.members

    @property
    def is_deletable(self) -> bool:
        """Whether there is an operation that deletes it."""
        return f"Delete{self.title}" in MODEL.operation_names

    def parent(self, params: Params) -> str:
        """The ARN under which the resource is listed."""
        assert self.list_filter is not None
        named = params.get(self.list_filter)
        return str(named if named is not None else params["solutionVersionArn"].rpartition("/")[0])

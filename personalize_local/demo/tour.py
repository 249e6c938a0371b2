"""What is asked of the campaigns: recommendations, the effect of events, a ranking, neighbours, a new user, metrics."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from personalize_local.demo.aws import Aws
from personalize_local.demo.material import Material
from personalize_local.demo.workflow import Deployment

_SHOWN = 10
_METRICS = (
    "normalized_discounted_cumulative_gain_at_10",
    "mean_reciprocal_rank_at_25",
    "precision_at_10",
    "coverage",
)
Item = Mapping[str, Any]


class Tour:
    """One walk through a deployment."""

    def __init__(self, aws: Aws, material: Material, deployment: Deployment) -> None:
        self._aws = aws
        self._console = aws.console
        self._material = material
        self._deployment = deployment

    def recommend(self) -> list[Item]:
        """Ask for the user, in the context, and once more in another context."""
        material = self._material
        items = self._recommendations(userId=material.user, **self._context(material.context))
        self._show(items)
        self._compare(material.user, items)
        return items

    def react(self, before: Sequence[Item]) -> list[Item]:
        """Send a few events of a new interest and show what they change."""
        material = self._material
        self._console.note(f"{material.user} reads {self._name(material.item)!r} and three like it.")
        similar = self._similar(material.item, count=3)
        now = int(time.time())
        self._aws.call(
            "personalize-events",
            "put_events",
            userId=material.user,
            eventList=[
                self._event(item, now + place)
                for place, item in enumerate([material.item, *(found["itemId"] for found in similar)])
            ],
            sessionId="demo-session",
            trackingId=self._deployment.tracking_id,
        )
        after = self._recommendations(userId=material.user, **self._context(material.context))
        places = {item["itemId"]: place for place, item in enumerate(before, 1)}
        moves = []
        for place, item in enumerate(after, 1):
            earlier = places.get(item["itemId"])
            moves.append("new" if earlier is None else "=" if earlier == place else f"{earlier - place:+d}")
        self._show(after, moved=moves)
        return after

    def rank(self, liked: Sequence[Item]) -> None:
        """Have a mixed list put in order for the user."""
        given = [item["itemId"] for item in liked[:_SHOWN:3]]
        others = [item for item in self._material.items if item not in given]
        given = [*others[:: max(1, len(others) // 4)][:4], *given]
        answer = self._aws.call(
            "personalize-runtime",
            "get_personalized_ranking",
            userId=self._material.user,
            inputList=given,
            **self._context(self._material.context),
            campaignArn=self._deployment.campaigns["ranking"],
        )
        ranked = answer["personalizedRanking"]
        self._show(ranked, extra=("given", [str(given.index(item["itemId"]) + 1) for item in ranked]))

    def neighbours(self) -> None:
        """Show what is like the item."""
        self._console.note(f"Like {self._name(self._material.item)!r}:")
        self._show(self._similar(self._material.item, count=5), of_user=False)

    def newcomer(self) -> None:
        """Ask for a user whom nobody knows."""
        visitor = "visitor-without-history"
        items = self._recommendations(userId=visitor, **self._context(self._material.context))
        self._show(items[:5], of_user=False)
        self._compare(visitor, items)

    def metrics(self) -> None:
        """Compare the trained versions on the data that each has held out."""
        found: dict[str, Mapping[str, float]] = {}
        for short, version in self._deployment.versions.items():
            answer = self._aws.call("personalize", "get_solution_metrics", solutionVersionArn=version)
            found[short] = answer["metrics"]
        rows = [
            [metric, *(f"{found[short][metric]:.4f}" if metric in found[short] else "-" for short in found)]
            for metric in _METRICS
        ]
        self._console.table(["metric", *found], rows)

    def _event(self, item: str, sent_at: int) -> dict[str, Any]:
        event: dict[str, Any] = {"eventType": self._material.event_type, "itemId": item, "sentAt": sent_at}
        if self._material.context:
            event["properties"] = json.dumps(dict(self._material.context))
        return event

    def _recommendations(self, count: int = _SHOWN, **question: Any) -> list[Item]:
        answer = self._aws.call(
            "personalize-runtime",
            "get_recommendations",
            **question,
            numResults=count,
            campaignArn=self._deployment.campaigns["recommender"],
        )
        return list(answer["itemList"])

    def _similar(self, item: str, count: int) -> list[Item]:
        answer = self._aws.call(
            "personalize-runtime",
            "get_recommendations",
            itemId=item,
            numResults=count,
            campaignArn=self._deployment.campaigns["similar"],
        )
        return list(answer["itemList"])

    def _compare(self, user: str, items: Sequence[Item]) -> None:
        """Say what ``items`` are about, and what the same user gets in the other context."""
        material = self._material
        if not material.other_context:
            return
        other = self._recommendations(userId=user, **self._context(material.other_context))
        for context, answer in ((material.context, items), (material.other_context, other)):
            self._console.note(f"{', '.join(context.values()) + ':':20}{self._categories(answer)}")

    def _context(self, context: Mapping[str, str]) -> dict[str, Any]:
        return {"context": dict(context)} if context else {}

    def _name(self, item: str) -> str:
        return self._material.items.get(item, {}).get("title", item)

    def _categories(self, items: Sequence[Item]) -> str:
        counts = Counter(self._material.items.get(item["itemId"], {}).get("category", "?") for item in items)
        return ", ".join(f"{category} {count}" for category, count in counts.most_common())

    def _show(
        self,
        items: Sequence[Item],
        *,
        of_user: bool = True,
        moved: Sequence[str] | None = None,
        extra: tuple[str, Sequence[str]] | None = None,
    ) -> None:
        columns = list(next(iter(self._material.items.values()), {}))
        header = ["", "item", *columns]
        rows = []
        for place, item in enumerate(items, 1):
            described = self._material.items.get(item["itemId"], {})
            rows.append([str(place), item["itemId"], *(described.get(column, "") for column in columns)])
        if any("score" in item for item in items):
            header.append("score")
            rows = [[*row, _score(item)] for row, item in zip(rows, items, strict=True)]
        if moved is not None:
            extra = ("moved", moved)
        if extra is not None:
            header.append(extra[0])
            rows = [[*row, cell] for row, cell in zip(rows, extra[1], strict=True)]
        if of_user and any(item["itemId"] in self._material.seen for item in items):
            header.append("seen")
            rows = [
                [*row, "yes" if item["itemId"] in self._material.seen else ""]
                for row, item in zip(rows, items, strict=True)
            ]
        self._console.table(header, rows)


def _score(item: Item) -> str:
    return f"{item['score']:.4f}" if "score" in item else ""

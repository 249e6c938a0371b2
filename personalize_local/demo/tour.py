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
        if material.other_context:
            other = self._recommendations(userId=material.user, **self._context(material.other_context))
            for context, answer in ((material.context, items), (material.other_context, other)):
                where = ", ".join(context.values())
                self._console.note(f"{where}: {self._categories(answer)}")
        return items

    def react(self, before: Sequence[Item]) -> list[Item]:
        """Send a few events of a new interest and show what they change."""
        material = self._material
        similar = self._similar(material.item, count=3)
        for number, item in enumerate([material.item, *(found["itemId"] for found in similar)]):
            event: dict[str, Any] = {"eventType": material.event_type, "itemId": item, "sentAt": int(time.time())}
            if material.context:
                event["properties"] = json.dumps(dict(material.context))
            if number == 0:
                self._console.note(f"{material.user} reads {self._name(item)!r} and what is like it:")
            self._aws.call(
                "personalize-events",
                "put_events",
                trackingId=self._deployment.tracking_id,
                userId=material.user,
                sessionId="demo-session",
                eventList=[event],
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
            campaignArn=self._deployment.campaigns["ranking"],
            userId=self._material.user,
            inputList=given,
            **self._context(self._material.context),
        )
        ranked = answer["personalizedRanking"]
        self._show(ranked, extra=("given", [str(given.index(item["itemId"]) + 1) for item in ranked]))

    def neighbours(self) -> None:
        """Show what is like the item."""
        self._console.note(f"Like {self._name(self._material.item)!r}:")
        self._show(self._similar(self._material.item, count=5))

    def newcomer(self) -> None:
        """Ask for a user whom nobody knows."""
        self._show(self._recommendations(5, userId="visitor-without-history"))

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

    def _recommendations(self, count: int = _SHOWN, **question: Any) -> list[Item]:
        answer = self._aws.call(
            "personalize-runtime",
            "get_recommendations",
            campaignArn=self._deployment.campaigns["recommender"],
            **question,
            numResults=count,
        )
        return list(answer["itemList"])

    def _similar(self, item: str, count: int) -> list[Item]:
        answer = self._aws.call(
            "personalize-runtime",
            "get_recommendations",
            campaignArn=self._deployment.campaigns["similar"],
            itemId=item,
            numResults=count,
        )
        return list(answer["itemList"])

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
        if any(item["itemId"] in self._material.seen for item in items):
            header.append("known")
            rows = [
                [*row, "yes" if item["itemId"] in self._material.seen else ""]
                for row, item in zip(rows, items, strict=True)
            ]
        self._console.table(header, rows)


def _score(item: Item) -> str:
    return f"{item['score']:.4f}" if "score" in item else ""

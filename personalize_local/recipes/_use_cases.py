"""What the use cases of both domains share. No use case's algorithm is published.

So all of this is chosen: algorithm and feature transformation carry the name of the recipe, and the type follows from
what a request must name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from personalize_local.recipes import popularity, related_items
from personalize_local.recipes._personal_declarations import load, train_as_declared
from personalize_local.recipes.base import Recipe, Trained, TrainingParameters, released
from personalize_local.recipes.user_personalization import USER_PERSONALIZATION

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_local.engine.data import TrainingData


def _train_personal(data: TrainingData, params: TrainingParameters) -> Trained:
    return train_as_declared(data, params)


def popular(
    name: str,
    domain: str,
    description: str,
    *,
    event_type: str | None,
    train: Callable[[TrainingData, TrainingParameters], Trained],
) -> Recipe:
    """A use case that shows everyone the same items."""
    return Recipe(
        name=name,
        domain=domain,
        type="POPULAR_ITEMS",
        description=description,
        algorithm=name,
        feature_transformation=name,
        created=released(2019, 6, 10),  # observed in one domain, inferred in the other
        operation="GetRecommendations",
        event_type=event_type,
        needs_user=True,  # documented, though the answer does not depend on it
        needs_item=False,
        scores=False,
        realtime=False,
        context=False,
        exploration=False,
        required_datasets=("INTERACTIONS",),
        optional_datasets=(),
        train=train,
        load=popularity.load,
    )


def related(
    name: str,
    domain: str,
    description: str,
    *,
    event_type: str | None,
    hides: str | None,
    needs_user: bool = True,
) -> Recipe:
    """A use case that shows items like a given one, by who had both."""
    return replace(
        popular(name, domain, description, event_type=event_type, train=related_items.train_together),
        type="RELATED_ITEMS",
        hides=hides,
        needs_user=needs_user,
        needs_item=True,
        load=related_items.load,
    )


def personal(name: str, domain: str, description: str, *, hides: str) -> Recipe:
    """A use case that answers for a user, from events of any type."""
    return replace(
        USER_PERSONALIZATION,
        name=name,
        domain=domain,
        description=description,
        algorithm=name,
        feature_transformation=name,
        learns_as="aws-user-personalization",
        hides=hides,
        scores=False,
        objective=False,
        training_update=False,
        batch_inference=False,
        algorithm_hyperparameters=(),
        feature_parameters=(),
        train=_train_personal,
        load=load,
    )

"""Which users a filter of a segment job keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from personalize_local.batch.surroundings import Surroundings
from personalize_local.datasets.catalogue import located, strings_of
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.filters import FilterValueError, bind, fields
from personalize_local.filters.evaluation import Request, evaluate
from personalize_local.runtime.entities import Entities
from personalize_local.runtime.filter_values import refusal_of
from personalize_local.runtime.filtering import columns_of
from personalize_local.store.past import Past

if TYPE_CHECKING:
    from personalize_local.runtime.views import View


def users_kept(
    around: Surroundings, rows: Past, filter_arn: str, values: Mapping[str, str], users: Vocabulary
) -> NDArray[np.bool_]:
    """Which ``users`` a filter keeps, with ``values`` for its placeholders.

    Raises InvalidInputException for values that break its rules.
    """
    ready = around.filters.of(around.context, rows, filter_arn)
    view = around.views.of(around.context, rows, ready.group)
    try:
        bound = bind(ready.parsed, values, columns_of(view))
    except FilterValueError as error:
        raise refusal_of(error) from None
    people = view.datasets.get("USERS")
    entities = Entities(users, None if people is None else people.catalogue(rows), "USER_ID")
    names = [name for dataset, name in fields(ready.parsed) if dataset == "USERS"]
    request = Request(events=_having(view, rows, ready.group, users))
    return evaluate(bound, entities.table(names), request)[: len(users)]


def _having(
    view: View, rows: Past, group: str, users: Vocabulary
) -> Callable[[frozenset[str] | None], NDArray[np.intp]]:
    """The users with events of given types, imported or streamed."""

    def having(types: frozenset[str] | None) -> NDArray[np.intp]:
        dataset = view.datasets.get("INTERACTIONS")
        did = np.zeros(0, np.intp)
        if dataset is not None:
            past = dataset.past(rows)
            places = located(past.user_ids, strings_of(users))
            did = places[past.users_with(types)].astype(np.intp)
        streamed = users.indexes(
            [user for user, kind in rows.types_by_user(group) if types is None or kind.casefold() in types]
        )
        return np.concatenate((did, streamed.astype(np.intp)))

    return having

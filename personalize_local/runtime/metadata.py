"""metadataColumns: what the Items dataset says of the items in an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personalize_local.context import Context
from personalize_local.datasets.schema import fold
from personalize_local.provenance import Rule, invalid
from personalize_local.runtime.questions import Question
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.runtime.entities import Entities
    from personalize_local.runtime.views import View

__all__ = ["MAXIMUM_RESULTS", "Metadata", "describe", "metadata"]

MAXIMUM_RESULTS = 50
MAXIMUM_COLUMNS = 10
_PAGE = "dg/getting-recommendations-with-metadata.html"

NOT_ENABLED = invalid("Metadata is not enabled for {arn}.", "inferred", _PAGE)
NO_METADATA = invalid("Recipe {recipe} does not support metadata in recommendations.", "documented", _PAGE)
OTHER_DATASET = invalid("metadataColumns can only be given for dataset type ITEMS, not {type}.", "inferred", _PAGE)
TOO_MANY_COLUMNS = invalid("At most {most} metadata columns can be requested.", "documented", "dg/limits.html")
NO_SUCH_COLUMN = invalid("Column {column} does not exist in the Items dataset.", "inferred", _PAGE)
TOO_MANY_ITEMS = invalid(
    "{member} must be at most {most} when metadataColumns are requested.", "documented", "dg/limits.html"
)
RULES = (
    Rule(
        says="The keys of metadata are the names of the columns in lower case; a column is asked for in any spelling.",
        known="observed",
        source="AWS notebooks that ask for TITLE and read title",
    ),
    Rule(says="What an item has no value for has no key; an item without any has no metadata.", known="inferred"),
    Rule(
        says="Metadata are those of the newest row of an item, whatever the model has learned from.", known="inferred"
    ),
    Rule(
        says="Campaigns of the v2 recipes and of Semantic-Similarity give metadata without being told to.",
        known="documented",
        source=_PAGE,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The columns that were asked for, by the keys of the answer."""

    columns: Mapping[str, str]
    view: View
    entities: Entities

    def of(self, rows: Rows, ids: Sequence[str]) -> list[dict[str, str]]:
        """What there is to say of each item."""
        catalogue = self.view.datasets["ITEMS"].catalogue(rows)
        places = self.entities.rows[self.entities.indexes(ids)]
        texts = {key: catalogue.texts(name, places) for key, name in self.columns.items()}
        found: list[dict[str, str]] = [{} for _ in ids]
        for key, column in texts.items():
            for one, text in zip(found, column, strict=True):
                if text is not None:
                    one[key] = text
        return found


def metadata(
    context: Context, rows: Rows, asked: Question, params: Mapping[str, Any], *, count: int, member: str
) -> Metadata | None:
    """What answers are to carry beside ids; None when nothing was asked for.

    ``count`` is the value of the request's ``member`` that says how many items there are. Raises
    InvalidInputException.
    """
    given = params.get("metadataColumns", {})
    if not given:
        return None
    recipe = asked.loaded.recipe
    if recipe.metadata is None:
        raise NO_METADATA(recipe=recipe.arn)
    enabled = recipe.metadata == "automatic" or asked.config.get("enableMetadataWithRecommendations", False)
    if not enabled:
        raise NOT_ENABLED(arn=asked.who.asked)
    for kind in given:
        if fold(kind) != "items":
            raise OTHER_DATASET(type=kind)
    names = [name for listed in given.values() for name in listed]
    if len(names) > MAXIMUM_COLUMNS:
        raise TOO_MANY_COLUMNS(most=MAXIMUM_COLUMNS)
    if count > MAXIMUM_RESULTS:
        raise TOO_MANY_ITEMS(member=member, most=MAXIMUM_RESULTS)
    if not names:
        return None
    return context.emulator.views.reading(asked.loaded.dataset_group, lambda: _found(context, rows, asked, names))


def describe(answered: Sequence[dict[str, Any]], described: Metadata, rows: Rows) -> None:
    """Add to items of an answer what there is to say of them."""
    found = described.of(rows, [item["itemId"] for item in answered])
    for item, values in zip(answered, found, strict=True):
        if values:
            item["metadata"] = values


def _found(context: Context, rows: Rows, asked: Question, names: Sequence[str]) -> Metadata:
    view = context.emulator.views.of(context, rows, asked.loaded.dataset_group)
    items = view.datasets.get("ITEMS")
    columns = {}
    for name in names:
        field = None if items is None else items.schema.field(name)
        if field is None:
            raise NO_SUCH_COLUMN(column=name)
        columns[field.name.lower()] = field.name
    loaded = asked.loaded
    if items is not None:
        items.catalogue(rows)
    return Metadata(
        columns=columns,
        view=view,
        entities=view.entities_of(rows, loaded.training, loaded.model.items, "ITEMS"),
    )

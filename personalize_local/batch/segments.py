"""Segments: the users who are likeliest to want an item, or items of given attributes.

A part of a job is a range of users and a file of its input: what each of them thinks of each line. Its last step puts
the ranges together.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from botocore_shapes.errors import ServiceError
from personalize_local.batch.attributes import items_with, read_query
from personalize_local.batch.files import cut, folder_of, write_outputs
from personalize_local.batch.lines import Line, LineError, answered_with_users, read_line, refused_users
from personalize_local.batch.surroundings import Surroundings, surroundings_of
from personalize_local.jobs.partitions import Folder, Plan
from personalize_local.jobs.workplace import Workplace
from personalize_local.provenance import Rule, Sentence
from personalize_local.store.past import Past

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personalize_local.engine.data import Float32, Int32
    from personalize_local.recipes._personal_model import PersonalModel

USERS = 10_000
"""Users of a part (chosen)."""
NEEDED = Sentence(
    "{member} is required for recipe {recipe}.",
    rule="documented",
    wording="chosen",
    said="error of an output line of a batch segment job",
    source="dg/prepare-input-data-user-segment.html",
)
RULES = (
    Rule(
        says="A segment has the users whose next interaction is likeliest to be with the item, or any of the items, "
        "from the likeliest on; users without interactions in the training are judged by what is popular.",
        known="inferred",
        source="dg/getting-user-segments.html: by the probability of interacting",
    ),
    Rule(
        says="Segments look at what users did before the training, their filters at all that was imported or streamed "
        "before the job was made, however long ago.",
        known="documented",
        source="dg/getting-user-segments.html; of filters chosen",
    ),
)


def prepare(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """Cut the input into lines, and say which ranges of users there are for each file. Raises JobFailure."""
    plan = cut(payload, workplace)
    done = _ranges(folder_of(payload, workplace))
    done.path.mkdir(exist_ok=True)
    sizes = _sizes(len(_segmenting(payload, workplace).users))
    lines = [size for _ in plan.names for size in sizes]
    return {"lines": lines, "done": [number for number in range(len(lines)) if done.facts(number) is not None]}


def part(payload: Mapping[str, Any], workplace: Workplace, number: int) -> dict[str, int]:
    """What the users of a range think of each line of a file. One that is done is not done again."""
    import numpy as np

    from personalize_local.recipes.segments import interests

    folder = folder_of(payload, workplace)
    done, plan = _ranges(folder), _plan_of(folder)
    if done.facts(number) is None:
        segmenting = _segmenting(payload, workplace)
        file, place = divmod(number, len(_sizes(len(segmenting.users))))
        begin = place * USERS
        users = np.arange(begin, min(begin + USERS, len(segmenting.users)), dtype=np.int64)
        groups = [asked for asked in segmenting.asked(_lines(folder, plan, file)) if not isinstance(asked, str)]
        found = interests(segmenting.model, groups, users)
        stored = io.BytesIO()
        np.save(stored, np.ascontiguousarray(found.T), allow_pickle=False)
        done.finish(number, [stored.getbuffer().tobytes()], {})
    return {}


def finish(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """Put the ranges together and write the output; ``users`` are those a segment may have. Raises JobFailure."""
    folder = folder_of(payload, workplace)
    done, plan = _ranges(folder), _plan_of(folder)
    segmenting = _segmenting(payload, workplace)
    width = len(_sizes(len(segmenting.users)))
    for file in range(len(plan.names)):
        found = _Found(done, range(file * width, (file + 1) * width))
        count = 0
        for one in plan.of_file(file):
            lines = [read_line(line) for line in folder.lines(one.number)]
            facts = {"errors": 0}
            folder.finish(one.number, segmenting.output(lines, found, count, facts), facts)
            count += len(lines) - facts["unread"]
    return {**write_outputs(payload, workplace), "users": len(segmenting.users)}


def _plan_of(folder: Folder) -> Plan:
    plan = folder.plan()
    assert plan is not None
    return plan


def _ranges(folder: Folder) -> Folder:
    return Folder(folder.path / "users")


def _sizes(users: int) -> list[int]:
    return [min(USERS, users - begin) for begin in range(0, users, USERS)]


def _lines(folder: Folder, plan: Plan, file: int) -> list[Line]:
    return [read_line(line) for one in plan.of_file(file) for line in folder.lines(one.number)]


def _segmenting(payload: Mapping[str, Any], workplace: Workplace) -> _Segmenting:
    around = surroundings_of(payload, workplace)
    with around.rows() as rows:
        return _Segmenting(around, rows)


@dataclass(frozen=True, slots=True)
class _Found:
    """What all users think of the lines of a file that could be read."""

    folder: Folder
    numbers: range

    def of(self, place: int) -> Float32:
        """What each user thinks of the line at a place."""
        import numpy as np

        paths = (self.folder.output(number) for number in self.numbers)
        pieces = [np.load(path, mmap_mode="r")[place] for path in paths]
        return np.concatenate([np.zeros(0, np.float32), *pieces])


class _Segmenting:
    """What the lines of a job mean."""

    def __init__(self, around: Surroundings, rows: Past) -> None:
        self._around = around
        loaded = around.loaded(rows)
        self._recipe = loaded.recipe
        self._training = loaded.training
        self._group = loaded.dataset_group
        self.model = cast("PersonalModel", loaded.model)
        self.users = self.model.users
        self._masks: dict[tuple[tuple[str, str], ...], NDArray[np.bool_]] = {}

    def asked(self, lines: list[Line]) -> Iterator[Int32 | str]:
        """The items that each line means, or what is wrong with it."""
        with self._around.rows() as rows:
            for line in lines:
                yield self._asked(rows, line)

    def _asked(self, rows: Past, line: Line) -> Int32 | str:
        import numpy as np

        if line.error is not None:
            return line.error
        member = "itemAttributes" if self._recipe.item_attributes else "itemId"
        try:
            text = line.id_(member)
            if not text:
                raise LineError(NEEDED(member=member, recipe=self._recipe.arn))
            if member == "itemId":
                item = self.model.items.get(text)
                return np.array([item][: item >= 0], np.int32)
            return self._items(rows, text)
        except LineError as error:
            return str(error)

    def _items(self, rows: Past, query: str) -> Int32:
        view = self._around.views.of(self._around.context, rows, self._group)
        items = view.datasets.get("ITEMS")
        entities = view.entities_of(rows, self._training, self.model.items, "ITEMS")
        schema = None if items is None else items.schema
        return items_with(read_query(query), entities, schema, len(self.model.items))

    def output(self, lines: list[Line], found: _Found, place: int, facts: dict[str, int]) -> Iterator[bytes]:
        """The output of ``lines``, of which the first that can be read is at ``place`` of what was found."""
        facts["unread"] = 0
        for line, asked in zip(lines, self.asked(lines), strict=True):
            if isinstance(asked, str):
                facts["unread"] += 1
                facts["errors"] += 1
                yield refused_users(line, asked)
                continue
            try:
                users = self._users(line, found, place, any_item=bool(len(asked)))
            except (LineError, ServiceError) as error:
                facts["errors"] += 1
                yield refused_users(line, error.message if isinstance(error, ServiceError) else str(error))
            else:
                yield answered_with_users(line, users)
            place += 1

    def _users(self, line: Line, found: _Found, place: int, *, any_item: bool) -> list[str]:
        import numpy as np

        mask = self._mask(line)
        if not any_item:
            return []
        likely = found.of(place)
        users = np.arange(len(likely)) if mask is None else np.flatnonzero(mask)
        count = self._around.payload["numResults"]
        if len(users) > count:
            least = np.partition(likely[users], len(users) - count)[len(users) - count]
            users = users[likely[users] >= least]
        best = users[np.argsort(-likely[users], kind="stable")][:count]
        return self.users.strings(best)

    def _mask(self, line: Line) -> NDArray[np.bool_] | None:
        from personalize_local.batch.users import users_kept

        filter_arn = self._around.payload["filterArn"]
        if filter_arn is None:
            return None
        values = line.filter_values()
        key = tuple(sorted(values.items()))
        if key not in self._masks:
            self._masks.clear()  # lines in a row often ask alike, and a mask may be large
            with self._around.rows() as rows:
                self._masks[key] = users_kept(self._around, rows, filter_arn, values, self.users)
        return self._masks[key]

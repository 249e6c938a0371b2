"""Resources of all kinds made, used, changed and deleted at random, with what must be true after each step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from .actions import CHANGING, FILES, MAKING, TEXTS, USING, Action, Actor, Clients
from .machine import CASES, Desk, Sight, moved_back, moves

DELETION = (
    "campaign",
    "recommender",
    "solution",
    "eventTracker",
    "metricAttribution",
    "filter",
    "dataset",
    "datasetGroup",
    "schema",
)
"""The guide's order, in which everything can be deleted."""

# After ten examples hypothesis mostly repeats what it has tried: rather more runs of fewer examples.
RUNS, EXAMPLES, STEPS = 2, 9, 60
NUMBERS = st.integers(0, 11)
WHICH = st.integers(0, 59)
LETTERS = st.sampled_from("abc")


class Programs(RuleBasedStateMachine):
    """Random programs. Few and wide rules: hypothesis leaves some rules out of each program."""

    def __init__(self, status: str, folder: Path, clients: Clients) -> None:
        super().__init__()
        self.desk = Desk(status, folder)
        self.actor = Actor(self.desk, clients)
        self.words: dict[str, str] = {}

    def teardown(self) -> None:
        try:
            self._settle()
            self._delete_all()
        finally:
            self.desk.emulator.close()

    @initialize()
    def stock(self) -> None:
        """A domain group with a recommender, and a custom one with items and a campaign."""
        actor = self.actor
        for name, domain in (("store", "ECOMMERCE"), ("shop", None)):
            actor.attempt("CreateDatasetGroup", name=name, domain=domain)
            actor.attempt("CreateSchema", name=name, schema=TEXTS["interactions"], domain=domain)
            self._settle()
            actor.dataset(0, 0, "interactions")
            self._settle()
            actor.load(actor.pick("dataset", 0), name, "good")
            self._settle()
        actor.solution(0, 2, "audience")
        actor.solution(0, 0, "taste")
        actor.schema(0, 0, "")
        self._settle()
        for number in (1, 0):
            actor.train(number, 0, "")
        actor.dataset(0, 0, "items")
        self._settle()
        actor.campaign(0, 0, "home")
        actor.recommender(0, 0, "home")
        self._settle()
        assert all(actor.known[kind] for kind in ("datasetImportJob", "campaign", "recommender"))

    @rule(which=WHICH, one=NUMBERS, two=NUMBERS, letter=LETTERS)
    def make(self, which: int, one: int, two: int, letter: str) -> None:
        self._act(MAKING, which, one, two, letter)

    @rule(which=WHICH, one=NUMBERS, two=NUMBERS)
    def change(self, which: int, one: int, two: int) -> None:
        self._act(CHANGING, which, one, two, "")

    @rule(which=WHICH, one=NUMBERS, two=NUMBERS)
    def use(self, which: int, one: int, two: int) -> None:
        self._act(USING, which, one, two, "")

    def _act(self, actions: dict[Action, str], which: int, one: int, two: int, letter: str) -> None:
        useful = [action for action, kind in actions.items() if self.actor.known[kind]] or list(actions)
        useful[which % len(useful)](self.actor, one, two, letter)

    @rule(which=WHICH, number=NUMBERS)
    def delete(self, which: int, number: int) -> None:
        there = [kind for kind in DELETION if self.actor.known[kind]] or list(DELETION)
        case = CASES[there[which % len(there)]]
        # At times all of a kind, so that groups and schemas come to be free as well.
        chosen = list(self.actor.known[case.kind]) if number > 9 else [self.actor.pick(case.kind, number)]
        for arn in chosen:
            self.actor.attempt(f"Delete{case.title}", **{case.arn_member: arn})

    @rule(seconds=st.sampled_from([5, 50, 100, 1400, 4000, 90_000, 8 * 86_400]))
    def wait(self, seconds: int) -> None:
        self.desk.emulator.advance(seconds)

    @invariant()
    def all_is_in_order(self) -> None:
        sight = self._look()
        sight.check()
        words = {arn: found["status"] for arn, found in sight.every.items() if "status" in found}
        for arn in words.keys() & self.words.keys() - self.actor.made:
            assert not moved_back(self.words[arn], words[arn]), f"{arn}: {self.words[arn]} became {words[arn]}"
        self.words, self.actor.made = words, set()

    def _look(self) -> Sight:
        sight = Sight(self.desk, self.actor.known)
        self.actor.known = {kind: dict.fromkeys(sight.described[kind], "") for kind in CASES}
        return sight

    def _settle(self) -> None:
        for _ in range(12):
            moving = [arn for arn, found in self._look().every.items() if moves(found)]
            if not moving:
                return
            self.desk.emulator.advance(1400)
        raise AssertionError(f"never at rest: {moving}")

    def _delete_all(self) -> None:
        for kind in DELETION:
            case = CASES[kind]
            for arn in self.desk.list(kind):
                self.desk.call(f"Delete{case.title}", **{case.arn_member: arn})
            self._settle()
        for kind in CASES:
            assert self.desk.list(kind) == {}, kind


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    made = Clients()
    yield made
    made.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bucket is that all programs read."""
    root = tmp_path_factory.mktemp("buckets")
    (root / "bucket").mkdir()
    for name, content in FILES.items():
        (root / "bucket" / f"{name}.csv").write_text(content)
    (root / "bucket" / "in.json").write_text('{"userId": "u1"}\n')
    return root


@pytest.mark.slow
@pytest.mark.parametrize("number", range(RUNS))
@pytest.mark.parametrize("status", ["instant", "polls:3", "timed:100", "timed:100,dataset=polls:2,campaign=real"])
def test_whatever_is_done_nothing_dangles_and_everything_can_be_deleted(
    status: str, number: int, folder: Path, clients: Clients
) -> None:
    @seed(number)
    def programs() -> Programs:
        return Programs(status, folder, clients)

    run_state_machine_as_test(programs, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS))

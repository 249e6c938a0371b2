"""What is asked beside the service's own calls: what a use case hides, and what it sees of what was revealed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from personalize_local.context import Context
from personalize_local.runtime.contenders import NoContender, find
from personalize_local.server.serving import BackgroundServer
from tests.conftest import Small
from tests.wire.program import POPULARITY, Program, interactions_csv
from tests.wire.test_hidden_items import ALL, Store


def context_for(server: BackgroundServer, program: Program) -> Context:
    emulator = server.emulator
    return Context(
        account=program.account, region=program.region, request_id="", now=emulator.clock.now(), emulator=emulator
    )


def test_what_a_use_case_hides_stays_hidden_and_what_is_revealed_is_hidden_next(server: BackgroundServer) -> None:
    store = Store(Program(server.url))
    recommender = store.recommender("aws-ecomm-recommended-for-you")
    context = context_for(server, store.program)
    with server.emulator.database.read() as rows:
        contender = find(context, rows, recommender)
        about, other = contender.about("u3"), contender.about("u3")
        assert set(about.ask({}, 100) or ()) == ALL - {"i3", "i4"} == store.ids(recommender, userId="u3")
        about.reveal("i9", "view", None)
        assert set(about.ask({}, 100) or ()) == ALL - {"i3", "i4"}
        about.reveal("i9", "purchase", None)
        about.reveal("unheard-of", "purchase", None)
        assert set(about.ask({}, 100) or ()) == ALL - {"i3", "i4", "i9"}
        # Nothing of it is anybody else's, nor kept.
        assert set(other.ask({}, 100) or ()) == ALL - {"i3", "i4"}
        assert set(contender.about("nobody").ask({}, 100) or ()) == ALL
    assert store.ids(recommender, userId="u3") == ALL - {"i3", "i4"}
    # What is sent after the training may be what is held out.
    store.program.send(store.tracking, "s", "i7", user="u3", kind="purchase")
    assert store.ids(recommender, userId="u3") == ALL - {"i3", "i4", "i7"}
    with server.emulator.database.read() as rows:
        assert set(find(context, rows, recommender).about("u3").ask({}, 100) or ()) == ALL - {"i3", "i4"}


def test_events_before_the_training_hide_too_and_the_newest_alone(server: BackgroundServer) -> None:
    store = Store(Program(server.url))
    store.program.send(store.tracking, "s", "i9", user="u3", kind="purchase")
    recommender = store.recommender("aws-ecomm-recommended-for-you")
    with server.emulator.database.read() as rows:
        about = find(context_for(server, store.program), rows, recommender).about("u3")
        assert set(about.ask({}, 100) or ()) == ALL - {"i3", "i4", "i9"} == store.ids(recommender, userId="u3")


def test_a_use_case_hides_as_many_events_as_filters_see(small: Callable[..., Small]) -> None:
    one = small(quotas="on,filter-interactions=1")
    store = Store(one.program)
    recommender = store.recommender("aws-ecomm-recommended-for-you")
    with one.server.emulator.database.read() as rows:
        about = find(context_for(one.server, one.program), rows, recommender).about("u3")
        assert set(about.ask({}, 100) or ()) == ALL - {"i4"} == store.ids(recommender, userId="u3")


def test_events_that_the_training_did_not_learn_from_do_not_move_an_answer(small: Callable[..., Small]) -> None:
    one = small()
    group = one.program.stocked(content=interactions_csv())
    watched = one.program.version(one.program.solution(group, "watched", eventType="watch"))
    with one.server.emulator.database.read() as rows:
        about = find(context_for(one.server, one.program), rows, watched).about("new")
        at_first = about.ask({}, 10)
        about.reveal("b3", "like", None)
        assert about.ask({}, 10) == at_first
        about.reveal("b3", "watch", None)
        assert (about.ask({}, 1) or ())[0].startswith("b")


def test_what_is_not_trained_or_ambiguous_cannot_be_found(small: Callable[..., Small]) -> None:
    one = small()
    group = one.program.stocked(content=interactions_csv())
    version = one.program.version(one.program.solution(group, "twice", POPULARITY))
    one.program.campaign(version, "twice")
    context = context_for(one.server, one.program)
    with one.server.emulator.database.read() as rows:
        assert find(context, rows, version.partition(":solution/")[2]).arn == version
        with pytest.raises(NoContender, match=r"twice is the name of several resources; give the ARN: .*, .*\."):
            find(context, rows, "twice")
        with pytest.raises(NoContender, match=r"There is no campaign, recommender, solution or solution version x\."):
            find(context, rows, "x")

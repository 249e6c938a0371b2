"""What is known of items without learning, against plain Python."""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.datasets._arrow import pa
from personalize_local.datasets.evidence import Evidence, evidence_of, joined, streamed_evidence
from personalize_local.datasets.held import Held, row_table

from .helpers import interactions

READ = interactions({"name": "IMPRESSION", "type": ["null", "string"]})
PLAIN = interactions()
IDS = ["a", "b", "c", "d"]

ids = st.sampled_from(IDS)
lists = st.none() | st.lists(st.sampled_from([*IDS, ""]), min_size=1, max_size=4).map("|".join)
rows = st.lists(
    st.fixed_dictionaries(
        {"USER_ID": st.just("u"), "ITEM_ID": ids, "TIMESTAMP": st.integers(0, 9), "IMPRESSION": lists}
    ),
    max_size=8,
)


def plain(evidence: Evidence) -> dict[str, tuple[int, int, float]]:
    """By id what is not nothing."""
    listed = zip(
        evidence.ids.to_pylist(),
        evidence.interactions.tolist(),
        evidence.shown.tolist(),
        evidence.oldest.tolist(),
        strict=True,
    )
    found = {id_: (had, shown, oldest) for id_, had, shown, oldest in listed}
    assert len(found) == len(evidence.ids)
    return found


def expected(given_: list[dict[str, Any]]) -> dict[str, tuple[int, int, float]]:
    had = Counter(row["ITEM_ID"] for row in given_)
    shown: Counter[str] = Counter()
    for row in given_:
        shown.update({id_ for id_ in (row["IMPRESSION"] or "").split("|") if id_ and id_ != row["ITEM_ID"]})
    return {
        id_: (
            had[id_],
            shown[id_],
            min((float(row["TIMESTAMP"]) for row in given_ if row["ITEM_ID"] == id_), default=inf),
        )
        for id_ in {*had, *shown}
    }


@settings(max_examples=150)
@given(st.lists(rows, max_size=3))
def test_imports_tell_how_often_items_were_had_and_shown_in_vain(pieces: list[list[dict[str, Any]]]) -> None:
    held = Held(schema=READ, tables=tuple(row_table(READ, piece) for piece in pieces))
    every = [row for piece in pieces for row in piece]
    evidence = evidence_of(held)
    assert plain(evidence) == expected(every)
    assert evidence.newest == max((float(row["TIMESTAMP"]) for row in every), default=-inf)
    parts = [evidence_of(Held(schema=READ, tables=(row_table(READ, piece),))) for piece in pieces]
    assert plain(joined(parts)) == expected(every)
    assert joined(parts).newest == evidence.newest


def test_a_schema_may_have_no_impressions() -> None:
    held = Held(schema=PLAIN, tables=(row_table(PLAIN, [{"USER_ID": "u", "ITEM_ID": "a", "TIMESTAMP": 5}]),))
    assert plain(evidence_of(held)) == {"a": (1, 0, 5.0)}


def test_events_tell_the_same_and_their_own_impression_goes_first() -> None:
    evidence = streamed_evidence(
        [("a", 3, 2.7, 9.9), ("b", 1, 4.0, 4.0)],
        [
            ("a", {"impression": ["a", "c", "c"], "implicit": ["d"]}),
            ("a", {"implicit": ["a", "b"]}),
            (None, {"implicit": ["c"]}),
        ],
    )
    assert plain(evidence) == {"a": (3, 0, 2.0), "b": (1, 1, 4.0), "c": (0, 2, inf)}
    assert evidence.newest == 9.0
    assert plain(streamed_evidence([], [])) == {}


def test_evidence_is_found_by_id() -> None:
    evidence = streamed_evidence([("a", 3, 2.0, 9.0)], [("x", {"impression": ["b"]})])
    assert plain(evidence.at(pa.array(["z", "b", "a"], pa.large_string()))) == {
        "z": (0, 0, inf),
        "b": (0, 1, inf),
        "a": (3, 0, 2.0),
    }

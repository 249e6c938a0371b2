"""What the demonstration runs on: the newsroom's choices, and those that are made from anybody's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from personalize_local.demo.console import DemoError
from personalize_local.demo.material import newsroom, own_files
from personalize_local.demo.run import run_demo

EVENTS = """user_id,ITEM_ID,TIMESTAMP,EVENT_TYPE,CHANNEL
ann,a,10,view,web
ann,b,20,view,app
bob,a,30,view,web
bob,c,40,buy,web
cat,c,50,view,web
cat,c,60,view,web
"""
ITEMS = 'ITEM_ID,GENRE,TITLE\na,x,"Alpha, first"\nb,y,Beta\nc,x,Gamma\n'


@pytest.fixture
def events(tmp_path: Path) -> Path:
    file = tmp_path / "events.csv"
    file.write_text(EVENTS, encoding="utf-8")
    return file


def test_the_newsroom_asks_about_an_unread_article_on_trains(tmp_path: Path) -> None:
    material = newsroom(tmp_path, seed=1, size="small")
    assert material.user == "user-789"
    assert material.items[material.item]["category"] == "travel"
    assert material.item not in material.seen
    assert material.seen <= set(material.items)
    assert [dataset.label for dataset in material.datasets] == ["interactions", "items", "users"]


def test_of_own_files_a_user_and_an_item_new_to_them_are_chosen(events: Path, tmp_path: Path) -> None:
    items = tmp_path / "items.csv"
    items.write_text(ITEMS, encoding="utf-8")
    material = own_files(events, items, None)
    assert (material.user, set(material.seen)) == ("ann", {"a", "b"})
    assert material.item == "c"
    assert material.event_type == "view"
    assert material.context == {"CHANNEL": "app"}
    assert material.items["a"] == {"title": "Alpha, first", "genre": "x"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"", ""),
        (b"USER_ID,TIMESTAMP\nann,1\n", "ITEM_ID"),
        (b"USER_ID,ITEM_ID,TIMESTAMP\nann,\xff\xfe,1\n", ""),
        (b"USER_ID,ITEM_ID,TIMESTAMP\n", ""),
    ],
    ids=["missing", "empty", "no item column", "not UTF-8", "header only"],
)
def test_a_bad_file_is_one_line_with_its_name(tmp_path: Path, content: bytes | None, reason: str) -> None:
    file = tmp_path / "bad.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DemoError) as caught:
        own_files(file, None, None)
    assert str(file) in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_instead_of_a_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="Is a directory"):
        own_files(tmp_path, None, None)


def test_arguments_that_do_not_fit_are_refused_with_a_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run_demo(items=tmp_path / "items.csv") == 2
    assert run_demo(size="huge") == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines() == [
        "Error: --items and --users need --interactions.",
        "Error: size must be one of small, medium, large, not 'huge'.",
    ]

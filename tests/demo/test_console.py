"""What the demonstration prints: within its width, without control codes where nobody watches."""

from __future__ import annotations

import io

from personalize_local.demo.console import WIDTH, Console, cut, written_call


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_table_fits_the_width_by_cutting_its_widest_column() -> None:
    out = io.StringIO()
    Console(out).table(["", "title", "score"], [["1", "word " * 40, "0.1"], ["10", "short", "12.25"]])
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert lines[2].endswith("..    0.1")
    assert [line[:5] for line in lines] == ["     ", "   --", "    1", "   10"]


def test_every_line_of_a_step_fits_the_width() -> None:
    out = io.StringIO()
    console = Console(out)
    console.step("Something")
    with console.timed("word " * 40 + "x" * 200):
        pass
    lines = out.getvalue().splitlines()
    assert all(len(line) <= WIDTH for line in lines)
    assert lines[1].startswith("1. Something ---")
    assert lines[-1].endswith("0.00 s")
    assert "".join(lines[2:]).count("word") == 40


def test_waiting_is_drawn_on_a_terminal_only() -> None:
    plain, terminal = io.StringIO(), Terminal()
    for out in (plain, terminal):
        console = Console(out)
        console.waiting("patience", 3.2)
        console.done("patience", 3.2)
    assert plain.getvalue().count("\n") == 1
    assert "\r" not in plain.getvalue()
    assert "\r" in terminal.getvalue()
    assert "\x1b" not in terminal.getvalue()


def test_a_call_is_written_as_python_with_short_values() -> None:
    written = written_call(
        "personalize",
        "create_thing",
        {
            "name": "news",
            "thingArn": "arn:aws:personalize:us-east-1:123456789012:thing/news",
            "schema": '{"type": "record"}',
            "file": "/somewhere/items.csv",
            "config": {"a": 1, "b": 2, "c": 3},
            "context": {"DEVICE": "mobile"},
            "items": ["1", "2"],
        },
    )
    assert written == (
        "personalize.create_thing(name='news', thingArn='arn:..:thing/news', schema='{..}', "
        "file='items.csv', config={..}, context={'DEVICE': 'mobile'}, items=[2 items])"
    )


def test_cut_leaves_what_fits() -> None:
    assert cut("exactly", 7) == "exactly"
    assert cut("one two three", 6) == "one.."

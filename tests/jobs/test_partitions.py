"""Lines cut into parts: none lost, none twice, in bounded pieces, and kept once they are done."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_local.jobs import partitions
from personalize_local.jobs.partitions import Cutter, Folder, Plan, joined, lines_of, told


def cut(folder: Folder, files: dict[str, bytes], lines: int = 3, size: int = 50) -> Plan:
    folder.begin()
    cutter = Cutter(folder, lines, size)
    for name, content in files.items():
        cutter.add(name, io.BytesIO(content))
    folder.keep(cutter.plan())
    plan = folder.plan()
    assert plan is not None
    return plan


def read(folder: Folder, plan: Plan, file: int) -> list[bytes]:
    return [line for part in plan.of_file(file) for line in folder.lines(part.number)]


@given(st.lists(st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")), max_size=12), max_size=4))
def test_all_lines_are_there_in_their_order(files: list[list[bytes]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as root:
        folder = Folder(Path(root) / "work")
        contents = {f"{place}.out": b"\n".join(lines) for place, lines in enumerate(files)}
        plan = cut(folder, contents)
        assert list(plan.names) == list(contents)
        for place, lines in enumerate(files):
            expected = [line.strip() for line in lines if line.strip()]
            assert [line.strip() for line in read(folder, plan, place)] == expected
            for part in plan.of_file(place):
                own = list(folder.lines(part.number))
                assert 1 <= len(own) == part.lines <= 3
                # The last line alone may go past the size.
                assert sum(map(len, own[:-1])) < 50


def test_lines_end_in_either_way_and_the_last_one_needs_no_end(tmp_path: Path) -> None:
    plan = cut(Folder(tmp_path / "w"), {"a": b"one\r\n\r\n two \n\t\nthree"})
    assert read(Folder(tmp_path / "w"), plan, 0) == [b"one", b"two", b"three"]


def test_of_a_line_too_long_the_beginning_is_kept_and_the_next_one_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "LONGEST", 10)
    content = b"x" * 35 + b"\nshort\n" + b"y" * 10 + b"\nlast" + b"z" * 100
    assert list(lines_of(io.BytesIO(content))) == [b"x" * 10, b"short", b"y" * 10, b"last" + b"z" * 6]


def test_a_part_is_done_when_what_came_of_it_is_whole(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "w")
    plan = cut(folder, {"a": b"1\n2\n3\n4\n"})
    assert told(folder, plan) == {"lines": [3, 1], "done": []}

    def failing() -> object:
        yield b"half"
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        folder.finish(0, failing(), {})  # type: ignore[arg-type]  # a generator of pieces that ends badly
    assert folder.facts(0) is None
    facts = {"errors": 0}

    def pieces() -> object:
        yield b"one\n"
        facts["errors"] = 2
        yield b"two\n"

    folder.finish(0, pieces(), facts)  # type: ignore[arg-type]  # a generator of pieces
    assert folder.facts(0) == {"errors": 2}
    assert told(folder, plan)["done"] == [0]
    folder.finish(1, [b"three\n"], {"errors": 0})
    assert joined([folder.output(0), folder.output(1)]).read() == b"one\ntwo\nthree\n"
    assert Folder(tmp_path / "w").plan() == plan


def test_an_input_goes_when_its_part_is_done_and_nobody_reads_it_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "w")
    cut(folder, {"a": b"1\n2\n3\n4\n"})
    folder.finish(0, [b"one\n"], {"errors": 0}, keep_input=False)
    folder.finish(1, [b"two\n"], {"errors": 0})
    assert (folder.input(0).exists(), folder.input(1).exists()) == (False, True)
    assert folder.facts(0) == {"errors": 0}


class Worked:
    """A folder whose parts are ended at one moment of its being copied: when it has been so often looked at."""

    def __init__(self, root: Path, moment: int, patch: pytest.MonkeyPatch) -> None:
        self.folder, self._left = Folder(root / "w"), moment
        self.plan = cut(self.folder, {"a": b"1\n2\n3\n4\n5\n6\n7\n"})
        self.folder.finish(0, [b"first"], {}, keep_input=False)
        (self.folder.path / ".out-000001").write_bytes(b"ha")
        (self.folder.path / ".done-000001.json").write_bytes(b"{")
        looked = Path.iterdir

        def listing(path: Path) -> Iterator[Path]:
            found = list(looked(path))
            self._pass()
            return iter(found)

        patch.setattr(Path, "iterdir", listing)
        self.folder.keep_at(root / "kept", self._copy)
        patch.undo()

    def _copy(self, source: Path, target: Path) -> None:
        self._pass()
        with suppress(FileNotFoundError):
            target.write_bytes(source.read_bytes())

    def _pass(self) -> None:
        if not self._left:
            for number in (1, 2):
                self.folder.finish(number, [b"later"], {}, keep_input=False)
        self._left -= 1


@pytest.mark.parametrize("moment", range(12))
def test_what_is_kept_of_parts_that_are_worked_on_can_be_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    worked = Worked(tmp_path, moment, monkeypatch)
    kept = Folder(tmp_path / "kept")
    assert kept.plan() == worked.plan
    for part in worked.plan.parts:
        done = kept.facts(part.number) is not None
        assert kept.output(part.number).exists() or not done
        assert done or list(kept.lines(part.number)) == list(map(str.encode, "1234567"))[part.number * 3 :][:3]
    assert not list(kept.path.glob(".*"))


def test_a_folder_that_is_gone_leaves_an_empty_one(tmp_path: Path) -> None:
    Folder(tmp_path / "w").keep_at(tmp_path / "kept", lambda *_: None)
    assert list((tmp_path / "kept").iterdir()) == []


def test_files_are_joined_to_a_stream_of_any_size_of_reads(tmp_path: Path) -> None:
    contents = [b"", b"abc", b"", b"defgh", b"i", b""]
    paths = []
    for number, content in enumerate(contents):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(content)
    with joined(paths) as stream:
        assert iter(lambda: stream.read(2), b"") is not None
        assert b"".join(iter(lambda: stream.read(2), b"")) == b"abcdefghi"

"""Every block of code in the README and in ``docs`` does what its page says; one that is not run says why."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings

from .conftest import build_checked
from .documents import ground
from .documents.blocks import Block, blocks_of, links_of
from .documents.running import Page

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
}
WITH_BLOCKS = [name for name, source in SOURCES.items() if blocks_of(name, source)]
JANUARY = 1_767_225_600.0


@pytest.fixture
def server() -> Iterator[BackgroundServer]:
    """A server for one page, whose blocks may reset it and move its clock."""
    settings = Settings(port=0, executor="inline", relaxed_minimums=True, clock=JANUARY)
    with BackgroundServer(settings, build_checked) as running:
        yield running


def page_in(folder: Path, url: str) -> Page:
    ground.lay_out(folder)
    return Page(folder, url)


@pytest.mark.parametrize("name", WITH_BLOCKS)
def test_the_blocks_of(name: str, server: BackgroundServer, tmp_path: Path) -> None:
    blocks = blocks_of(name, SOURCES[name])
    if any(need in block.text for block in blocks if block.reason is None for need in ground.NEEDS):
        ground.stock(server)
    page = page_in(tmp_path / "page", server.url)
    failures = page.run(blocks)
    assert not failures, "\n\n".join(failures)
    if page.left_out:
        pytest.skip(f"the other blocks ran, but not {'; '.join(page.left_out)}")


@pytest.mark.parametrize("name", SOURCES)
def test_every_page_that_is_linked_is_there(name: str) -> None:
    absent = [target for target in links_of(SOURCES[name]) if not (ROOT / name).parent.joinpath(target).exists()]
    assert not absent


def test_the_index_has_every_page() -> None:
    generator = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert SOURCES["docs/index.md"] == generator["index"](ROOT / "docs"), "run `python docs/generate.py`"


def test_the_limits_name_the_recipes_that_learn_as_others() -> None:
    declared = SOURCES["docs/fidelity.md"].partition("## Stand-in recipes")[2]
    said = SOURCES["docs/limits.md"].partition("recipes learn as another one**")[2].partition("\n- ")[0]
    recipes = re.compile(r"`(aws-[a-z0-9-]+)`")
    assert set(recipes.findall(said)) == set(recipes.findall(declared))


def test_the_quick_start_passes_with_two_workers(tmp_path: Path) -> None:
    page = "docs/application-tests.md"
    tests = [block for block in blocks_of(page, SOURCES[page]) if block.is_test]
    assert len(tests) >= 3
    runner = page_in(tmp_path / "page", "http://127.0.0.1:9")
    assert runner.run_tests(tests, "-n", "2") == []


def failures_of(source: str, tmp_path: Path) -> list[str]:
    """What fails of a page where nothing answers."""
    return page_in(tmp_path / "page", "http://127.0.0.1:9").run(blocks_of("page.md", source))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("```go\nfunc main() {}\n```\n", "page.md:1 (go): nothing runs this language"),
        ("<!-- not run: -->\n```go\nx\n```\n", "page.md:2 (go): the mark gives no reason"),
        ("<!-- not run: a reason -->\nWords.\n\n```go\nx\n```\n", "page.md:4 (go): nothing runs this language"),
        ("```python\nassert 1 == 2\n```\n", "AssertionError"),
        ("```python\nraise SystemExit\n```\n", "SystemExit"),
        ("```python\ndef test_it() -> None:\n    assert 1 == 2\n```\n", "1 failed"),
        ("```sh\nfalse\ntrue\n```\n", "page.md:1 (sh): exit code 1"),
        ("```\npersonalize-local health\n```\n", "No server at"),
        ("```console\n$ echo one\ntwo\n```\n", "echo one prints\none"),
        ("```yaml\na: [\n```\n", "page.md:1 (yaml)"),
        ("```json\n{\n```\n", "page.md:1 (json)"),
        ("```toml\n[\n```\n", "page.md:1 (toml)"),
    ],
)
def test_a_page_fails_for(source: str, said: str, tmp_path: Path) -> None:
    (failure,) = failures_of(source, tmp_path)
    assert said in failure


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("<!-- not run: a reason -->\n\n```go\nx\n```\n", id="a mark with a reason"),
        pytest.param("```\nsome output\n```\n", id="output"),
        pytest.param("```python\na = 1\n```\n\n```python\nassert a == 1\n```\n", id="names of an earlier block"),
        pytest.param("<!-- file: a.txt -->\n```text\none\n```\n\n```console\n$ cat a.txt\none\n```\n", id="a file"),
        pytest.param(
            "```python\n# conftest.py\nimport pytest\n\n\n@pytest.fixture\ndef one():\n    return 1\n```\n\n"
            "```python\ndef test_it(one):\n    assert one == 1\n```\n",
            id="a conftest",
        ),
    ],
)
def test_a_page_passes_for(source: str, tmp_path: Path) -> None:
    assert failures_of(source, tmp_path) == []


def test_a_block_that_is_not_closed_is_told() -> None:
    with pytest.raises(ValueError, match=r"page\.md:2 is not closed"):
        blocks_of("page.md", "\n```sh\nls\n")


def test_blocks_of_lists_lose_their_indent() -> None:
    (block,) = blocks_of("page.md", "1. Do\n\n   ```sh\n   ls\n   ```\n")
    assert block == Block(page="page.md", line=3, language="sh", text="ls\n")

"""The container file, checked without an engine; `.ci/container` runs its steps in a clean root."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from personalize_local.cli import main
from personalize_local.settings import Settings

from .dockerfile import ROOT, Step, copied, environment, is_sent, steps

STEPS = steps((ROOT / "Dockerfile").read_text(encoding="utf-8"))
LAST = STEPS[-1].stage
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def only(word: str) -> Step:
    (step,) = [step for step in STEPS if step.word == word and step.stage == LAST]
    return step


def test_what_is_copied_is_there_and_is_sent_to_the_engine() -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    sources = [source for sources, _ in copied(STEPS) for source in sources]
    assert len(sources) >= 5
    for source in sources:
        assert (ROOT / source).exists(), source
        assert is_sent(source, ignore), source
    assert not is_sent("tests", ignore)
    assert not is_sent(".git", ignore)


def test_everything_that_the_package_is_built_of_is_copied() -> None:
    sources = {source for sources, _ in copied(STEPS) for source in sources}
    project: dict[str, Any] = PROJECT["project"]
    needed = {"pyproject.toml", project["readme"], *project["license-files"]}
    assert needed | set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= sources


def test_the_extras_that_are_installed_are_declared() -> None:
    (install,) = [step for step in STEPS if "pip install" in step.rest]
    (extras,) = [word.strip("'.[]").split(",") for word in install.words if word.startswith(".[")]
    assert set(extras) <= set(PROJECT["project"]["optional-dependencies"])


def test_the_python_of_the_image_is_one_that_is_supported_and_the_same_in_both_stages() -> None:
    images = {step.words[0] for step in STEPS if step.word == "FROM"}
    (image,) = images
    version = image.removeprefix("python:").removesuffix("-slim")
    assert f"Programming Language :: Python :: {version}" in PROJECT["project"]["classifiers"]


def test_it_runs_as_somebody_else_than_root_who_owns_the_state() -> None:
    user = only("USER").rest
    made = " ".join(step.rest for step in STEPS if step.word == "RUN" and step.stage == LAST)
    assert user != "root"
    assert f"useradd --system --no-create-home --home-dir /var/lib/personalize --shell /usr/sbin/nologin {user}" in made
    assert f"install -d -o {user} -g {user} {only('VOLUME').rest}" in made
    order = [step.word for step in STEPS if step.stage == LAST]
    assert order.index("USER") > max(index for index, word in enumerate(order) if word == "RUN")


def test_its_variables_are_settings_that_agree_with_the_rest() -> None:
    settings = Settings.load(environ=environment(STEPS, LAST))
    assert settings.host == "0.0.0.0"
    assert str(settings.data) == only("VOLUME").rest == only("WORKDIR").rest
    assert str(settings.init) == "/etc/personalize/init.d"
    assert any("install -d /etc/personalize/init.d" in step.rest for step in STEPS)
    assert only("EXPOSE").rest == str(settings.port)


@pytest.mark.parametrize("word", ["CMD", "HEALTHCHECK"])
def test_what_it_runs_is_a_command(word: str) -> None:
    (script,) = PROJECT["project"]["scripts"]
    assert only("ENTRYPOINT").words == [script]
    if word == "CMD":
        command = only(word).words
    else:
        said = only(word).rest
        command = Step(stage=LAST, word="CMD", rest=said[said.index("[") :]).words
        assert command.pop(0) == script
    assert CliRunner().invoke(main, [*command, "--help"]).exit_code == 0


def test_compose_publishes_the_port_to_this_machine_alone_and_keeps_the_state() -> None:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    service = composed["services"]["personalize"]
    port = only("EXPOSE").rest
    assert service["build"] == "."
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert service["volumes"] == [f"personalize:{only('VOLUME').rest}"]
    assert set(composed["volumes"]) == {"personalize"}

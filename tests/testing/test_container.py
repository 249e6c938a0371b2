"""The container class without an engine: what stands for the container is a server of this process."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings

MODULE = "personalize_local.testing.container"


class Wrapped:
    """What docker knows of a container."""

    def __init__(self, status: str) -> None:
        self.status = status

    def reload(self) -> None:
        """It is as it is."""


class FakeContainer:
    """The part of testcontainers' DockerContainer that is used; its container is a server in a thread."""

    status = "running"

    def __init__(self, image: str, **options: Any) -> None:
        self.image, self.options = image, options
        self.env: dict[str, str] = {}
        self.exposed: tuple[int, ...] = ()
        self.server: BackgroundServer | None = None

    def with_exposed_ports(self, *ports: int) -> FakeContainer:
        self.exposed = ports
        return self

    def with_env(self, name: str, value: str) -> FakeContainer:
        self.env[name] = value
        return self

    def start(self) -> FakeContainer:
        self.server = BackgroundServer(Settings.load({"port": 0, "executor": "inline"}, self.env))
        self.server.start()
        return self

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()
            self.server = None

    def __enter__(self) -> FakeContainer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def get_container_host_ip(self) -> str:
        return "127.0.0.1"

    def get_exposed_port(self, port: int) -> str:
        assert self.exposed == (port,) == (4777,)
        if self.server is None:
            raise ConnectionError("no mapping")
        return self.server.url.rpartition(":")[2]

    def get_wrapped_container(self) -> Wrapped:
        return Wrapped(self.status)

    def get_logs(self) -> tuple[bytes, bytes]:
        return b"", b"Error: no such setting\n"


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module, over what stands for testcontainers."""
    for name in ("testcontainers", "testcontainers.core", "testcontainers.core.container"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules["testcontainers.core.container"].DockerContainer = FakeContainer  # type: ignore[attr-defined]
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    yield importlib.import_module(MODULE)
    sys.modules.pop(MODULE, None)


def test_it_is_ready_when_it_has_started_and_makes_clients(container: Any) -> None:
    with container.PersonalizeLocalContainer(region="eu-west-1") as running:
        assert running.image == "personalize-local"
        assert running.get_url().startswith("http://127.0.0.1:")
        personalize = running.get_client()
        arn = personalize.create_dataset_group(name="shop")["datasetGroupArn"]
        assert arn.split(":")[3] == "eu-west-1"
        running.get_client("s3").list_buckets()
        assert running.get_client("personalize-events").meta.endpoint_url == running.get_url()
    assert running.server is None


def test_it_waits_for_init_scripts_and_repeats_what_failed(container: Any, tmp_path: Path) -> None:
    script = tmp_path / "a.sh"
    script.write_text("true")
    box = container.PersonalizeLocalContainer().with_env("PERSONALIZE_LOCAL_INIT", str(tmp_path))
    with box as running:
        facts = running.server.emulator.health()
        assert facts["status"] == "ready"
    script.write_text("echo the chain is broken; exit 1")
    with pytest.raises(container.ContainerNotReady) as caught:
        box.start()
    assert str(caught.value) == "its init scripts failed: a.sh: exit code 1: the chain is broken"
    assert box.server is None


def test_it_does_not_wait_for_ever(container: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeContainer, "start", lambda self: self)
    with pytest.raises(container.ContainerNotReady) as caught:
        container.PersonalizeLocalContainer(timeout=0.01).start()
    assert str(caught.value) == "it is silent after 0.01 seconds; its log ends:\nError: no such setting\n"


def test_one_that_has_ended_is_not_waited_for(container: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeContainer, "start", lambda self: self)
    monkeypatch.setattr(FakeContainer, "status", "exited")
    with pytest.raises(container.ContainerNotReady, match=r"^it has ended; its log ends:\nError: no such setting\n$"):
        container.PersonalizeLocalContainer(timeout=600).start()


def test_without_testcontainers_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "testcontainers", None)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    module = importlib.import_module(MODULE)
    with pytest.raises(ImportError, match=r"pip install 'personalize-local\[testcontainers\]'"):
        module.PersonalizeLocalContainer()


def test_testcontainers_itself_is_asked_for_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the real package: docker's client alone is another one."""
    package: Any = pytest.importorskip("testcontainers.core.container", reason="needs the extra testcontainers")
    created: dict[str, Any] = {}

    class Client:
        def __init__(self, *_: object, **__: object) -> None:
            self.client = self

        def create(self, image: str, **given: Any) -> Any:
            created.update(given, image=image)
            server = self.server = BackgroundServer(Settings(port=0, executor="inline"))

            class Made(Wrapped):
                id = short_id = "made"

                def remove(self, **_: object) -> None:
                    server.stop()

            return Made("running")

        def start(self, _: object) -> None:
            self.server.start()

        def port(self, _: str, port: int) -> str:
            assert port == 4777
            return self.server.url.rpartition(":")[2]

        def host(self) -> str:
            return "127.0.0.1"

        def get_connection_mode(self) -> Any:
            return package.ConnectionMode.docker_host

        def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr(package, "DockerClient", Client)
    monkeypatch.setattr(package.c, "ryuk_disabled", True)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    box = importlib.import_module(MODULE).PersonalizeLocalContainer()
    with box as running:
        assert running.get_client().list_dataset_groups()["datasetGroups"] == []
    assert created["image"] == "personalize-local"
    assert created["environment"] == {"PERSONALIZE_LOCAL_REGION": "us-east-1"}
    assert [str(port) for port in created["ports"]] == ["4777"]


def _engine() -> str | None:
    """Why no container can be run here; None where one can."""
    docker = shutil.which("docker")
    if docker is None:
        return "there is no docker"
    told = subprocess.run([docker, "image", "inspect", "personalize-local"], capture_output=True, check=False)
    return None if told.returncode == 0 else "there is no engine, or no image personalize-local"


def test_a_real_container_answers() -> None:
    pytest.importorskip("testcontainers", reason="needs the extra testcontainers")
    if (reason := _engine()) is not None:
        pytest.skip(reason)
    module = importlib.import_module(MODULE)
    with module.PersonalizeLocalContainer() as running:
        assert running.get_client().list_dataset_groups()["datasetGroups"] == []

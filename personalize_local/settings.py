"""The one table of settings, from which environment variables, command-line flags and documentation come."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from personalize_local.arns import is_account, is_region

PREFIX = "PERSONALIZE_LOCAL_"
YEAR_10000 = 253402300800


class SettingError(ValueError):
    """A setting has a value that cannot be used; the message names the setting."""


def _flag(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("expected true or false")


def _account(text: str) -> str:
    if is_account(text):
        return text
    raise ValueError("expected 12 digits")


def _region(text: str) -> str:
    if is_region(text):
        return text
    raise ValueError("expected the name of a region")


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme in ("http", "https") and parts.hostname:
        return text
    raise ValueError("expected a URL as http://host:port")


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"expected one of {', '.join(allowed)}")
        return text

    parse.__name__ = "|".join(allowed)
    return parse


def _count(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if value < minimum:
            raise ValueError(f"expected at least {minimum}")
        if maximum is not None and value > maximum:
            raise ValueError(f"expected at most {maximum}")
        return value

    parse.__name__ = "int"
    return parse


def _folder(text: str) -> Path:
    return Path(text).expanduser().resolve()


def _epoch(text: str) -> float | None:
    if text == "real":
        return None
    value = float(text)
    if not 0 <= value < YEAR_10000:
        raise ValueError("expected epoch seconds")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table: attribute ``name``, ``parse`` from text, ``default``, one-line ``help``."""

    name: str
    parse: Callable[[str], Any]
    default: Any
    help: str
    also: tuple[str, ...] = ()

    @property
    def environment(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """The command-line flag that sets it (a switch that is on by default is turned off with ``--no-…``)."""
        prefix = "--no-" if self.default is True else "--"
        return prefix + self.name.replace("_", "-")

    @property
    def is_switch(self) -> bool:
        """Whether the flag takes no value."""
        return isinstance(self.default, bool)


def setting(parse: Callable[[str], Any], default: Any, help_: str, also: tuple[str, ...] = ()) -> Any:
    return dataclasses.field(default=default, metadata={"parse": parse, "help": help_, "also": also})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings. ``Settings.load`` reads them from overrides and the environment; a bad value stops the start."""

    host: str = setting(str, "127.0.0.1", "Address to listen on.")
    port: int = setting(_count(0, 65535), 4777, "Port to listen on; 0 takes a free one.")
    data: Path | None = setting(_folder, None, "Folder that keeps everything; without it state ends with the process.")
    companion: bool = setting(
        _flag, True, "Serve S3, IAM, STS and other AWS services with moto on the same port, where moto is installed."
    )
    s3_root: Path | None = setting(_folder, None, "Folder whose sub-folders are the S3 buckets to read and write.")
    s3_endpoint: str | None = setting(_url, None, "URL of the S3 service to read and write.", ("AWS_ENDPOINT_URL_S3",))
    account: str = setting(
        _account, "123456789012", "Account of calls whose access key is not itself a 12-digit account."
    )
    region: str = setting(_region, "us-east-1", "Region of calls that are not signed.")
    status: str = setting(
        str,
        "instant",
        "How statuses advance: instant, polls:N (answers to a describe), timed:SECONDS or real; after a comma "
        "KIND=MODE for single kinds, as in 'instant,campaign=timed:5'.",
    )
    executor: str = setting(
        _choice("process", "inline"), "process", "Where jobs run: in child processes, or inline in the request."
    )
    workers: int = setting(
        _count(1), 1, "Child processes that run jobs at the same time; all share the parts of a batch job."
    )
    threads: int = setting(_count(2), 4, "Threads that answer requests.")
    seed: int = setting(_count(0), 0, "Seed of training: the same data and the same seed give the same model.")
    id_seed: int | None = setting(_count(0), None, "Seed of generated ids, for reproducible runs; random without.")
    clock: float | None = setting(
        _epoch,
        None,
        "Epoch seconds at which a virtual clock stands until `POST /_personalize/clock` moves it, or the time that the "
        "data folder has, if that is later; 'real' for the machine's clock.",
    )
    automatic_updates: str = setting(
        _choice("two-hours", "at-once", "off"),
        "two-hours",
        "When recipes that explore take in new items, actions and interactions without a training: every two hours of "
        "the clock after it, at once, or never.",
    )
    relaxed_minimums: bool = setting(
        _flag, False, "Import and train on less data than the service's minimums, for small fixtures."
    )
    quotas: str = setting(
        str,
        "on",
        "The service's quotas: on, off, or NAME=NUMBER for single ones after a comma, as in 'off,campaigns=2'; "
        "docs/fidelity.md has the names.",
    )
    prices: str = setting(
        str, "2026", "Price list of the costs: 2026 (per request) or 2024 (per TPS-hour, with older prices)."
    )
    init: Path | None = setting(
        _folder, None, "Folder of scripts that run in name order once the server answers: .yaml (chains), .py and .sh."
    )
    throttle: bool = setting(_flag, False, "Refuse calls beyond the service's request rates with ThrottlingException.")
    journal: int = setting(
        _count(0), 1000, "Calls that are remembered with their parameters and outcome, for tests to look at; 0 is off."
    )
    max_body: int = setting(_count(1024), 10 * 1024 * 1024, "Largest request body in bytes, S3 uploads excepted.")
    log_level: str = setting(
        _choice("debug", "info", "warning", "error"), "info", "Least severe message that is logged."
    )

    @property
    def url(self) -> str:
        """Where this machine reaches the server; an address that stands for all of them is reached at loopback."""
        host = "127.0.0.1" if self.host in {"", "0.0.0.0", "::"} else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @classmethod
    def load(cls, overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
        """Make the settings from ``overrides`` (texts or values, by attribute name) above ``environ``.

        Raises SettingError for an unknown name or a value that cannot be parsed.
        """
        given = dict(overrides or {})
        environ = environ or {}
        values: dict[str, Any] = {}
        for setting in SETTINGS:
            if setting.name in given:
                values[setting.name] = _parsed(setting, given.pop(setting.name), f"setting {setting.name}")
                continue
            for variable in (setting.environment, *setting.also):
                if environ.get(variable):  # a variable set to nothing is not set
                    values[setting.name] = _parsed(setting, environ[variable], variable)
                    break
        if given:
            raise SettingError(f"unknown setting: {', '.join(sorted(given))}")
        known = {setting.environment for setting in SETTINGS}
        strangers = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
        if strangers:
            raise SettingError(f"unknown environment variable: {', '.join(strangers)}")
        return cls(**values)


def _parsed(setting: Setting, value: Any, source: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return setting.parse(value)
    except ValueError as error:
        raise SettingError(f"{source}: {value!r} cannot be used: {error}") from None


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(
        name=field.name,
        parse=field.metadata["parse"],
        default=field.default,
        help=field.metadata["help"],
        also=field.metadata["also"],
    )
    for field in dataclasses.fields(Settings)
)


def as_markdown() -> str:
    """The table of settings as a page of documentation."""
    lines = [
        "# Settings",
        "",
        "Flags of `personalize-local serve` go before environment variables, and a variable set to nothing counts as",
        "not set. A value that cannot be used stops the start.",
        "",
        "| flag | environment | default | meaning |",
        "|---|---|---|---|",
    ]
    for setting in SETTINGS:
        variables = ", ".join(f"`{name}`" for name in (setting.environment, *setting.also))
        default = "" if setting.default is None else f"`{setting.default}`"
        if setting.is_switch:
            default = "on" if setting.default else "off"
        lines.append(f"| `{setting.flag}` | {variables} | {default} | {setting.help} |")
    return "\n".join(lines) + "\n"

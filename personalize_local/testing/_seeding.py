"""What ``personalize_seed`` does: brings a declared chain onto the server of the test."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personalize_local.testing._servers import PersonalizeClients


def seed(clients: PersonalizeClients, here: Path, chain: Mapping[str, Any] | str | PathLike[str]) -> Any:
    """Make what ``chain`` declares, and what the files in it declare if it is a folder, in the order of their names.

    Gives what the chain's own ``apply`` gives, of a folder a list. Raises FileNotFoundError for a path that is not
    there or a folder without a chain, and what ``apply`` raises.
    """
    if isinstance(chain, Mapping):
        return _apply(chain, clients, base=here)
    path = here / chain
    if path.is_file():
        return _apply(path, clients, base=path.parent)
    files = sorted(file for pattern in ("*.yaml", "*.yml") for file in path.glob(pattern))
    if not files:
        raise FileNotFoundError(f"{path} is neither a chain's file nor a folder with *.yaml")
    return [_apply(file, clients, base=path) for file in files]


def _apply(chain: Mapping[str, Any] | Path, clients: PersonalizeClients, *, base: Path) -> Any:
    chains = import_module("personalize_local.chains")
    return chains.apply(chain, clients, base=base)

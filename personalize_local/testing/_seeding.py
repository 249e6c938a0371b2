"""What ``personalize_seed`` does: brings a declared chain onto the server of the test."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personalize_local.testing._servers import PersonalizeClients


def seed(
    clients: PersonalizeClients, here: Path, chain: Mapping[str, Any] | str | PathLike[str], /, **options: Any
) -> Any:
    """Make what ``chain`` declares: a mapping, a YAML or JSON file, or a folder with personalize.yaml.

    Relative paths, of the chain and of the data files in a mapping, begin at the folder ``here``. ``options``, what
    is given back and what is raised are those of ``personalize_local.chains.apply``.
    """
    # Imported by name when it is called: a session that seeds nothing reads no YAML.
    chains = import_module("personalize_local.chains")
    given = chain if isinstance(chain, Mapping) else here / chain
    return chains.apply(given, clients, base=here, **options)

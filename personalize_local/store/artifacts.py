"""Trained models on disk: named arrays and JSON facts, written once, memory-mapped, never pickled."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = 1


class Artifacts:
    """Bundles of arrays under a folder; a bundle is there whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, arrays: Mapping[str, NDArray[np.generic]], facts: Mapping[str, Any]) -> None:
        """Write a bundle; one of the same name is replaced (a job that ran twice made the same bytes)."""
        import numpy as np

        target = self.root / name
        partial = target.with_name(target.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for key, array in arrays.items():
            np.save(partial / f"{key}.npy", np.ascontiguousarray(array), allow_pickle=False)
        manifest = {"format": FORMAT, "arrays": sorted(arrays), "facts": dict(facts)}
        (partial / "manifest.json").write_text(json.dumps(manifest, sort_keys=True), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)

    def open(self, name: str) -> tuple[dict[str, NDArray[np.generic]], dict[str, Any]]:
        """The arrays (read-only, memory-mapped) and facts of a bundle.

        Raises FileNotFoundError when there is none, ValueError when it is of another format.
        """
        import numpy as np

        folder = self.root / name
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise ValueError(f"artifact {name} has format {manifest['format']}, this version reads format {FORMAT}")
        # As plain arrays over the mapping: every operation on a memmap pays for its subclass.
        arrays = {key: np.load(folder / f"{key}.npy", mmap_mode="r").view(np.ndarray) for key in manifest["arrays"]}
        return arrays, manifest["facts"]

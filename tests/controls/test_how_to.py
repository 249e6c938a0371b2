"""The how-to's own code runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parents[2] / "docs" / "test-controls.md").read_text(encoding="utf-8")


def test_the_test_in_the_page_passes() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(block, "docs/test-controls.md", "exec"), names)
    (test,) = (value for name, value in names.items() if name.startswith("test_"))
    test()

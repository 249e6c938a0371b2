"""pyarrow, untyped: the one place that loads it.

The library ships no types, and the stubs that exist apart from it do not know every form that its functions take; so
that the types are checked alike with and without them, columns are ``Any`` to the type checker.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import pyarrow
import pyarrow.compute
import pyarrow.csv
import pyarrow.ipc

__all__ = ["Array", "Batch", "DataType", "Table", "arrow_csv", "ipc", "pa", "pc"]

pa: Any = pyarrow
pc: Any = pyarrow.compute
arrow_csv: Any = pyarrow.csv
ipc: Any = pyarrow.ipc

Array: TypeAlias = Any
Batch: TypeAlias = Any
DataType: TypeAlias = Any
Table: TypeAlias = Any

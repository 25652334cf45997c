"""One decorator for all kernels: compiled once, cached in the user's cache folder, without the GIL.

Kernels are plain functions on bare arrays with explicit signatures, so that nothing compiles twice and the cache is
found again. ``NUMBA_DISABLE_JIT=1`` runs them as Python.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lydigital import paths

if TYPE_CHECKING:
    from collections.abc import Callable

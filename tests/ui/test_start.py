"""What the window loads before its first frame."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets")

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "numba", "pandas", "pyogrio", "geopandas", "rasterio", "shapely", "scipy", "mapclassify", "duckdb", "openpyxl", "docx",
    "pypinyin", "rapidfuzz",
)  # fmt: skip
LATER = ("form", "history", "hazard", "inspector", "style", "attributes", "conflict", "backups")  # panels at first use


def test_window_with_all_commands_comes_without_heavy_libraries():
    code = (
        "import sys; import lydigital.ui.window; from lydigital.commands import registry; registry.commands();"
        f"panels = ['lydigital.ui.panels.' + p for p in {LATER!r}];"
        f"print([m for m in [*{HEAVY!r}, *panels] if m in sys.modules])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"

"""The benchmark: every case in a process of its own, figures gathered into one JSON file.

The cases stand in ``benchmarks/cases.py`` of a checkout; an installed program has none.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lydigital import __version__, paths
from lydigital.errors import StoreUnavailableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

_TIMEOUT_S = 900
_KEEP_CACHE = ("desktop", "startup")  # these measure the warm program


def bench(
    data: Path, camera: Path, out: Path, *, only: Sequence[str] = (), rounds: int = 1, warm: int = 3,
    report: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Run the cases on the benchmark data in ``data`` and write ``out`` after each.

    Parameters
    ----------
    camera
        ``camera.json`` of the peer benchmark; its ``common.py`` and ``style.json`` stand beside it.
    only
        Names or beginnings of names; all cases when empty. An existing ``out`` is extended.
    rounds
        Every number is the median over that many runs.

    Raises
    ------
    StoreUnavailableError
        When data, camera or cases are missing.
    UsageError
        When no case is of these names.
    """
    script = paths.layers_dir().parent / "benchmarks" / "cases.py"
    manifest_path = data / "manifest.json"
    for path in (script, camera, camera.parent / "common.py", camera.parent / "style.json", manifest_path):
        if not path.is_file():
            raise StoreUnavailableError(
                "{path} is missing", path=str(path),
                hint="Run the benchmark in a checkout, on data made by make_data.py, with the camera beside it.",
            )  # fmt: skip
    cases, common = _module(script), _module(camera.parent / "common.py")
    names = [n for n in cases.names(data) if not only or any(n == o or n.startswith(o) for o in only)]
    if not names:
        raise UsageError("There is no case {name}", hint="Cases: {known}.", name=", ".join(only),
                         known=", ".join(cases.names(data)))  # fmt: skip
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    result = _result(out, manifest, common, json.loads(camera.read_text(encoding="utf-8")))
    runs: dict[str, list[Any]] = {name: [] for name in names}
    for turn in range(rounds):
        for number, name in enumerate(names):
            if report:
                report(name, turn * len(names) + number, rounds * len(names))
            figures = _run(script, name, data, camera, warm)
            if "failed" not in figures:
                runs[name].append(figures)
                figures = dict(common.merge_rounds(runs[name]), rounds=len(runs[name]), warm_limit=warm)
            result["cases"][name] = figures
            common.save_json(result, str(out))
    return result


def _run(script: Path, name: str, data: Path, camera: Path, warm: int) -> dict[str, Any]:
    """One case: render caches of before are dropped, compiled kernels stay."""
    if not name.startswith(_KEEP_CACHE):
        shutil.rmtree(paths.cache_dir() / "tables", ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="lydigital-bench-") as folder:
        target = Path(folder) / "figures.json"
        command = [sys.executable, str(script), "--case", name, "--data", str(data), "--camera", str(camera),
                   "--out", str(target), "--warm", str(warm)]  # fmt: skip
        root = str(script.parent.parent)
        env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": root}
        try:
            done = subprocess.run(
                command,
                env=env,
                check=False,
                timeout=_TIMEOUT_S,
                capture_output=True,
                text=True,
                errors="replace",
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"gave up after {_TIMEOUT_S} s"}
        if not target.is_file():
            return {"failed": " | ".join(done.stderr.strip().splitlines()[-3:]).replace(str(data), "DATA")}
        figures: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
        return figures


def _result(
    out: Path, manifest: dict[str, Any], common: ModuleType, camera: dict[str, Any]
) -> dict[str, Any]:
    known = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else {"cases": {}}
    layers = {
        name: {"features": layer["features"], "wkb_sha256": layer["wkb_sha256"]}
        for name, layer in manifest["layers"].items()
    }
    return {
        "schema": common.SCHEMA, "product": "lydigital", "version": __version__, "machine": common.machine_info(),
        "measured": time.strftime("%Y-%m-%d"), "data": {"scale": manifest["scale"], "layers": layers},
        "settings": {
            "width_px": camera["width_px"], "height_px": camera["height_px"], "dpi": camera["dpi"],
            "antialiasing": True, "frames": len(camera["frames"]),
        },
        "cases": known["cases"],
    }  # fmt: skip


def _module(path: Path) -> ModuleType:
    import importlib.util

    spec = importlib.util.spec_from_file_location(f"bench_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""kill -9 in the middle of saving: the file is the old one or the new one, and saving again ends the work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import shapely

import lydigital
from lydigital.stores.create import create_gpkg, write_layer

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs fork")
def test_killed_while_saving(tmp_path, small_catalogue, validity):
    source = tmp_path / "source.gpkg"
    create_gpkg(source, small_catalogue)
    shapes = [shapely.box(600_000 + 10 * i, 3_830_000, 600_008 + 10 * i, 3_830_008) for i in range(200)]
    write_layer(source, small_catalogue.layer("field"), {"name": [f"n{i}" for i in range(200)]}, shapes)
    folder = tmp_path / "kills"
    folder.mkdir()
    environment = os.environ | {"PYTHONPATH": str(Path(lydigital.__file__).parents[1])}
    ran = subprocess.run(
        [sys.executable, HERE / "killed.py", source, folder, "60"], capture_output=True, text=True, check=False,
        timeout=300, env=environment,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["faults"] == []
    assert found["kills"] >= 60
    assert found["hot"] >= 40, "a journal was left behind that had to be rolled back"
    assert found["sized"] >= 10, "killed while the file grew"
    assert validity(folder / "city.gpkg") == []
    assert validity(folder / "done.gpkg") == []

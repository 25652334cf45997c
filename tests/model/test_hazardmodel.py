"""Hazard models as TOML files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from lydigital import paths
from lydigital.errors import BadDataError, UsageError
from lydigital.model import hazardmodel

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = paths.layers_dir() / "matrices"
MODELS = hazardmodel.read_models(FOLDER)


def test_shipped_models():
    assert next(iter(MODELS)) == "matrix_default"
    assert len(MODELS) >= 2
    default = hazardmodel.pick_model(MODELS)
    assert default.breaks == (30.0, 60.0, 100.0, 150.0)
    assert default.table == ((4, 3, 2, 1, 1), (4, 3, 3, 2, 1), (0, 4, 3, 3, 2), (0, 0, 4, 4, 3))
    assert not any(m.is_calibrated for m in MODELS.values())
    assert (default.rain.k, default.townships.share, default.townships.county_share) == (0.84, 0.05, 0.5)


def test_unknown_model():
    with pytest.raises(UsageError, match="no hazard model"):
        hazardmodel.pick_model(MODELS, "none")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("breaks = [30.0, 60.0", "breaks = [60.0, 30.0"),
        ("low = [0, 0, 4, 4, 3]", "low = [0, 0, 4, 4]"),
        ("low = [0, 0, 4, 4, 3]", "low = [0, 0, 4, 4, 5]"),
        ("high = [4, 3, 3, 2, 1]", "high = [4, 3, 3, 2, 3]"),
        ("low = [", "lowest = ["),
        ("k = 0.84", "k = 1.5"),
        ("share = 0.05", "share = 0.0"),
        ("k = 0.84", "kk = 0.84"),
        ("breaks = [30.0", "breaks = [30.0, ["),
        ('outside = "low"', 'outside = "high"'),
    ],
)
def test_models_that_make_no_sense(tmp_path: Path, old: str, new: str):
    text = (FOLDER / "matrix_default.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "m.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadDataError) as caught:
        hazardmodel.read_model(path)
    assert caught.value.hint


def test_two_of_one_id(tmp_path: Path):
    text = (FOLDER / "matrix_default.toml").read_text(encoding="utf-8")
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadDataError, match="Two hazard models"):
        hazardmodel.read_models(tmp_path)


def test_missing_file(tmp_path: Path):
    with pytest.raises(BadDataError):
        hazardmodel.read_model(tmp_path / "none.toml")


def test_a_model_survives_its_json():
    model = MODELS["matrix_default"]
    assert msgspec.json.decode(msgspec.json.encode(model), type=hazardmodel.HazardModel) == model

from __future__ import annotations

import io

import numpy as np
import pytest

from lydigital.errors import StoreUnavailableError
from lydigital.publish import image

pillow = pytest.importorskip("PIL.Image")


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (33, 200), (900, 2000)])
def test_pixels_come_back_and_size_on_paper_too(size):
    rng = np.random.default_rng(size[0])
    rgb = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    rgb[:, : size[1] // 2] = 200
    with pillow.open(io.BytesIO(image.encode_png(rgb, 300))) as picture:
        picture.verify()
    with pillow.open(io.BytesIO(image.encode_png(rgb, 300))) as picture:
        assert np.array_equal(np.asarray(picture), rgb)
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_part_of_an_rgba_frame_needs_no_copy():
    frame = np.full((20, 30, 4), 7, np.uint8)
    frame[5, 6] = (1, 2, 3, 255)
    with pillow.open(io.BytesIO(image.encode_png(frame[:, :, :3]))) as picture:
        assert picture.getpixel((6, 5)) == (1, 2, 3)


def test_strips_join(monkeypatch):
    monkeypatch.setattr(image, "_STRIP_BYTES", 1000)
    rgb = np.random.default_rng(1).integers(0, 9, (64, 64, 3), dtype=np.uint8)
    with pillow.open(io.BytesIO(image.encode_png(rgb))) as picture:
        assert np.array_equal(np.asarray(picture), rgb)


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(StoreUnavailableError, match="does not exist"):
        image.write_png(tmp_path / "no" / "x.png", np.zeros((1, 1, 3), np.uint8))


def test_nothing_half_written(tmp_path, monkeypatch):
    target = tmp_path / "x.png"
    target.write_bytes(b"old")

    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(image.paths.os, "fsync", refuse)
    with pytest.raises(StoreUnavailableError, match="No space left"):
        image.write_png(target, np.zeros((1, 1, 3), np.uint8))
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["x.png"]

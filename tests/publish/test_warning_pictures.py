"""Warnings as pictures, and the package of all products."""

from __future__ import annotations

import io

import numpy as np
import pytest

pytest.importorskip("PySide6")

from lydigital.errors import BadDataError
from lydigital.model.crs import Crs
from lydigital.model.warning import Level, TownshipLevel
from lydigital.publish import package, warningmap
from lydigital.publish.bulletin import compose
from lydigital.publish.package import Material
from lydigital.publish.warningmap import Ground


@pytest.mark.parametrize(("form", "size"), [("portrait", (1080, 1920)), ("landscape", (1920, 1080))])
def test_pictures_have_their_size_and_colours(qapp, given, ground, tmp_path, form, size):
    from PIL import Image

    assert warningmap.write(tmp_path / "p.png", compose(given.issue()), ground, form) == size
    with Image.open(tmp_path / "p.png") as image:
        assert image.size == size
        pixels = np.asarray(image.convert("RGB"))
    assert pixels[60, 8].tolist() == [255, 126, 0]  # the band: orange is the highest level
    yellow = (np.abs(pixels.astype(int) - [242, 214, 0]).sum(axis=2) < 12).mean()
    assert yellow > 0.001


def test_the_map_on_paper_can_be_searched(qapp, given, ground, tmp_path):
    import pypdf

    warningmap.write(tmp_path / "m.pdf", compose(given.issue(purpose="exercise")), ground, "a4")
    page = pypdf.PdfReader(io.BytesIO((tmp_path / "m.pdf").read_bytes())).pages[0]
    text = page.extract_text().replace(" ", "")
    for said in ("洛阳市地质灾害气象风险预警", "潭头镇", "演练", "雨前排查", "三个紧急撤离", "Notreviewed", "Sampledata"):
        assert said in text, said
    warningmap.write(tmp_path / "n.pdf", compose(given.issue()), Ground(Crs("EPSG:4546"), (), ground.townships, approval="豫S(2025)001号"), "a4")
    text = pypdf.PdfReader(tmp_path / "n.pdf").pages[0].extract_text().replace(" ", "")
    assert "豫S(2025)001号" in text
    assert "Notreviewed" not in text


def test_pictures_of_hostile_names_and_without_townships(qapp, given, tmp_path):
    for form in ("portrait", "landscape", "map"):
        warningmap.write(tmp_path / "p.png", compose(given.hostile()), Ground(Crs("EPSG:4546")), form)
    warningmap.write(tmp_path / "p.png", compose(given.issue(zones=())), Ground(Crs("EPSG:4546")), "portrait")


def test_a_package_holds_all_products_and_they_agree(qapp, given, ground, tmp_path):
    made = package.write(tmp_path / "out", compose(given.issue()), Material(ground, contacts=given.CONTACTS))
    assert made.folder == tmp_path / "out" / "YJ2025-0012_v4"
    assert set(made.files) == set(package.PRODUCTS)
    assert (made.failed, made.faults, made.is_public) == ({}, (), True)
    manifest = package.opened(made.folder)
    assert manifest["digest"] == given.issue().digest
    assert sorted(p.name for p in made.folder.iterdir()) == sorted([*package.PRODUCTS, "manifest.json"])
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["YJ2025-0012_v4"]
    few = ("bulletin.txt",)
    assert package.write(tmp_path / "out", compose(given.issue()), Material(ground), wanted=few).folder.name == "YJ2025-0012_v4_2"
    (made.folder / "bulletin.txt").write_text("另外", "utf-8")
    with pytest.raises(BadDataError):
        package.opened(made.folder)


@pytest.mark.parametrize("code", ["EPSG:4490", "EPSG:3857", "EPSG:4547"])
def test_pictures_in_other_systems(qapp, given, ground, tmp_path, code):
    from PIL import Image

    crs = Crs(code)
    warningmap.write(tmp_path / "p.png", compose(given.issue()), Ground(crs, (), ground.townships.to_crs(crs)), "portrait")
    with Image.open(tmp_path / "p.png") as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert (np.abs(pixels[400:1200] - [246, 224, 71]).sum(axis=2) < 60).mean() > 0.005


@pytest.mark.parametrize("form", ["portrait", "landscape"])
def test_a_picture_names_every_township_of_a_large_storm(qapp, given, ground, tmp_path, form):
    """A name left out for want of room may be somebody's home."""
    import pypdf

    heaven, earth = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午"
    names = [f"{a}{b}{a}{b}镇" for a in heaven for b in earth][:62]
    townships = tuple(
        TownshipLevel(f"41032{i % 5 + 4}{100 + i}", name, f"41032{i % 5 + 4}", f"{earth[i % 5]}县", Level(1 if i < 30 else 2 if i < 46 else 3))
        for i, name in enumerate(names)
    )  # fmt: skip
    warningmap.write(tmp_path / "p.pdf", compose(given.issue(townships=townships, counties=(), zones=())), ground, form)
    text = pypdf.PdfReader(tmp_path / "p.pdf").pages[0].extract_text()
    text = "".join(text.split())
    assert [name for name in names if name not in text] == []
    assert "more" not in text

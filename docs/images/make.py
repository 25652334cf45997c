"""The pictures of the documentation, made by the program itself: ``make images``. Pages go through PDF and pdftoppm."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
WIDE_PX = 760  # of a page
ONE = "code = '410324103'"  # the township that stands for all
PAGES = ("city", "planning", "figure", "slide", "township", "warning")
SPACES = ("hazard", "coverage", "emergency", "publish")


def run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "lydigital", *arguments], check=True)


def windows() -> None:
    for language in ("zh", "en"):
        for theme in ("light", "dark"):
            target = str(HERE / f"window-{language}-{theme}.png")
            run("screenshot", "sample", "-o", target, "--workspace", "browse", "--size", "1440x900", "--lang", language, "--theme", theme)
    for space in SPACES:
        run("screenshot", "sample", "-o", str(HERE / f"space-{space}.png"), "--workspace", space, "--size", "1440x900", "--lang", "zh")


def pages() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in PAGES:
            pdf = Path(folder) / f"{name}.pdf"
            if name in ("township", "warning"):
                run("atlas", "sample", "--layout", name, "--by", "township", "--where", ONE, "-o", folder, "--name", name, "--lang", "zh")
                pdf = next(Path(folder).glob(f"{name}*.pdf"))
            else:
                run("layout", "export", "sample", "--layout", name, "-o", str(pdf), "--lang", "zh")
            subprocess.run(["pdftoppm", "-png", "-singlefile", "-scale-to-x", str(WIDE_PX), "-scale-to-y", "-1", str(pdf), str(HERE / f"page-{name}")], check=True)


def shrink(path: Path) -> None:
    """As JPEG a picture with relief is a fifth as large and keeps its colours."""
    from PIL import Image

    with Image.open(path) as picture:
        picture.convert("RGB").save(path.with_suffix(".jpg"), quality=88, subsampling=0, optimize=True)
    path.unlink()


def main() -> None:
    run("render", "sample", "-o", str(HERE / "map.png"), "--size", "1920x1080")
    windows()
    pages()
    for path in (*HERE.glob("page-*.png"), *HERE.glob("space-*.png")):
        shrink(path)


if __name__ == "__main__":
    main()

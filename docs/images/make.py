"""The pictures of the documentation, made by the program itself: ``make images``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "lydigital", *arguments], check=True)


def main() -> None:
    run("render", "sample", "-o", str(HERE / "map.png"), "--size", "1920x1080")
    for language in ("zh", "en"):
        for theme in ("light", "dark"):
            target = str(HERE / f"window-{language}-{theme}.png")
            run(
                "screenshot",
                "sample",
                "-o",
                target,
                "--workspace",
                "browse",
                "--size",
                "1440x900",
                "--lang",
                language,
                "--theme",
                theme,
            )


if __name__ == "__main__":
    main()

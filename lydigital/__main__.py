"""The program: ``lydigital`` and ``python -m lydigital``. Joins the command line to the window, which it cannot import."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no matrices here; numpy would start its threads at every start

from lydigital import cli

if TYPE_CHECKING:
    from pathlib import Path

    from lydigital.settings import Settings


class _Window:
    """The window, imported when it is needed."""

    def run(self, project: str, settings: Settings) -> int:
        from lydigital.ui.app import run

        return run(project, settings)

    def screenshot(
        self, project: str, path: Path, *, workspace: str, size: tuple[int, int], lang: str, theme: str
    ) -> None:
        from lydigital.ui.app import screenshot

        screenshot(project, path, workspace=workspace, size=size, lang=lang, theme=theme)


def main() -> None:
    sys.exit(cli.main(sys.argv[1:], _Window()))


if __name__ == "__main__":
    main()

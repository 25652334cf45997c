"""数字洛阳 · lydigital: the desktop map workstation of a city.

>>> import lydigital as ly
>>> s = ly.open("sample")                        # doctest: +SKIP
>>> s.run("layer.hide", layer="road")            # doctest: +SKIP
>>> s.run("map.render", path="map.png")          # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital import paths

if TYPE_CHECKING:
    from pathlib import Path

    from lydigital.commands.registry import Workbench

__version__ = paths.VERSION


def open(project: str | Path = "sample", *, author: str = "") -> Workbench:  # noqa: A001 - read as ly.open(...)
    """Open ``sample``, a project file or a store; ``run`` of what is returned does every command of the program.

    Raises
    ------
    LydError
        When it cannot be read.
    """
    from lydigital.commands.registry import Workbench
    from lydigital.session import open_session

    return open_session(str(project), kind=Workbench, author=author)

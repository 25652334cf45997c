"""Preferences of the person at this machine, in ``config_dir()/settings.toml``: read once at a door, passed down."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Literal

import msgspec

from lydigital import paths
from lydigital.model.issue import Issue
from lydigital.model.office import Office

if TYPE_CHECKING:
    from pathlib import Path

RECENT = 12  # projects remembered


class Aids(msgspec.Struct, frozen=True):
    """How drawing is helped.

    Attributes
    ----------
    kinds
        What the cursor snaps to, see :data:`lydigital.domain.snapping.KINDS`.
    snap_to
        Layers it snaps to: all that are drawn, the layer being edited, or ``snap_layers``.
    grid
        Width of a cell of the snapping grid in map units, 0 for none.
    right_angles
        Whether the rubber band takes right angles to the last side when it is near to one.
    topological
        Whether vertices that neighbours share move together.
    select_in
        Layers a click selects in.
    sides
        Of a regular polygon.
    """

    snapping: bool = True
    kinds: tuple[str, ...] = ("end", "vertex", "intersection", "midpoint", "perpendicular", "segment")
    tolerance_px: float = 12.0
    snap_to: Literal["all", "target", "some"] = "all"
    snap_layers: tuple[str, ...] = ()
    grid: float = 0.0
    right_angles: bool = True
    topological: bool = True
    avoid_overlap: bool = False
    select_in: Literal["all", "target"] = "all"
    sides: int = 6


class Settings(msgspec.Struct, frozen=True):
    """Typed preferences; unknown keys of a newer program are left alone in the file.

    Attributes
    ----------
    operator
        Name written into changes and reports.
    recent
        Projects and stores opened before, newest first.
    cache_mb
        Upper limit of the render cache on disk, megabytes.
    office
        Who may do what with a warning.
    aids
        How drawing is helped.
    backups
        Folder for backups, "" for the usual one.
    personal
        Whether the operator's role allows seeing personal data; it is starred until asked for even then.
    """

    language: Literal["zh", "en"] = "zh"
    theme: Literal["light", "dark"] = "light"
    operator: str = ""
    recent: tuple[str, ...] = ()
    cache_mb: int = 4096
    office: Office = Office()
    aids: Aids = Aids()
    personal: bool = True
    backups: str = ""

    @property
    def window_state_path(self) -> Path:
        """Where the window keeps its size, panels and last workspace."""
        return paths.config_dir() / "window.ini"

    def remembering(self, project: str) -> Settings:
        """With ``project`` as the newest of the recent ones."""
        recent = (project, *(p for p in self.recent if p != project))[:RECENT]
        return msgspec.structs.replace(self, recent=recent)


def path() -> Path:
    return paths.config_dir() / "settings.toml"


def read() -> tuple[Settings, Issue | None]:
    """Preferences, and what was wrong with the file: a broken one is kept as ``settings.toml.broken``."""
    file = path()
    try:
        return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Settings, strict=False), None
    except FileNotFoundError:
        return Settings(), None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        kept = file.with_name(f"{file.name}.broken")
        try:
            file.replace(kept)
        except OSError:
            kept = file
        return Settings(), Issue(
            "settings.broken", "warning", "The preferences could not be read: {reason}",
            hint="Default preferences are used; the old file is kept as {path}.",
            values={"reason": str(error), "path": str(kept)},
        )  # fmt: skip


def write(settings: Settings) -> None:
    """Keep ``settings`` for the next start.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    import tomli_w

    file = path()
    content = {}
    if file.exists():
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            content = {}
    content.update(msgspec.to_builtins(settings))
    paths.write_atomically(file, tomli_w.dumps(content).encode())

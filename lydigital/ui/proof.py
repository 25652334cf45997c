"""Pictures of sheets as every format will have them: arranged once, let out by the gate, painted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from lydigital.commands import gate

if TYPE_CHECKING:
    from lydigital.model.frame import Frame
    from lydigital.model.gate import Audience, Verdict
    from lydigital.model.layout import Layout
    from lydigital.publish.arrange import Arranged, Driver, Material
    from lydigital.session import Session

PREVIEW_PX = 1300  # longer side of a page
MOST_PAGES = 4  # painted of a layout


@dataclass(frozen=True, eq=False)
class Preview:
    """A sheet as every format will have it."""

    made: Arranged
    images: tuple[QImage, ...]
    frame: Frame | None = None

    @property
    def layout(self) -> Layout:
        return self.made.layout


def judged(session: Session, layout: Layout, material: Material, audience: Audience, driver: Driver | None = None) -> tuple[Arranged, Verdict]:
    """A layout as the export gate would let it out, whatever it says, and that."""
    from lydigital.publish import gate as gates
    from lydigital.publish.arrange import arrange

    verdict = gate.judged(session, gate.layers_of(session, layout), audience)
    made = arrange(gates.marked(layout, verdict), gates.passed(material, verdict), driver=driver)
    return made, gates.with_unplaced(gate.rules_of(), verdict, sum(len(m.picture.missing) for m in made.maps))


def first_of(layout: Layout, material: Material) -> Driver | None:
    """What drives the first page of a layout made for map series."""
    from lydigital.publish import atlas

    driven = layout.atlas
    if driven is None or driven.layer not in material.names:
        return None
    table = material.table(driven.layer)
    rows = atlas.rows_of(driven, table)
    return atlas.driver_of(driven.layer, table, material.definition(driven.layer), int(table.fid[rows[0]])) if rows else None


def pictured(made: Arranged, frame: Frame | None = None, size: float = PREVIEW_PX) -> Preview:
    """Pages painted, ``size`` pixels long."""
    from lydigital.publish import rasterpages
    from lydigital.units import MM_PER_INCH

    images = []
    for page in made.pages[:MOST_PAGES]:
        pixels = rasterpages.pixels(page, made.fonts, size / max(page.width, page.height) * MM_PER_INCH)
        solid = pixels.copy()
        height, width, _ = solid.shape
        images.append(QImage(solid.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy())
    return Preview(made, tuple(images), frame)

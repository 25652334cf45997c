"""The emergency card of a township on one A4 page, and all of them in one go.

One scene serves every page; what a township alone has (border, ways out, numbered hazard points, lettered shelters) is put on
top of it as layers, so that names on the map keep clear of the marks. Tables take what they need, the map the rest.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from lydigital.errors import CancelledError, LydError, StoreUnavailableError, UsageError
from lydigital.model.layout import Layout, MapItem, Page, TextItem
from lydigital.publish import arrange as arranging
from lydigital.publish import cardmap, cardtables
from lydigital.publish.arrange import Arranged, ArrangedPage, Placed
from lydigital.publish.furniture import Box
from lydigital.render import drawlist
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from lydigital.model.crs import Crs
    from lydigital.model.township_card import TownshipCard
    from lydigital.publish.cardmap import Symbols
    from lydigital.render.drawlist import SceneLayer
    from lydigital.render.painter.fonts import QtFonts

    Told: TypeAlias = Callable[[str, float], object]

PAGE = Page(210.0, 297.0)
IMAGE_DPI = 200.0  # of what lies under a card's own things: as vectors a page takes three times as long


@dataclass(frozen=True, eq=False)
class Ground:
    """What lies under all cards, and what is printed on each.

    Attributes
    ----------
    scene
        In ``crs``, bottom first.
    symbols
        Marks of resources as the map has them.
    stamps
        What the review stamp says.
    """

    crs: Crs
    scene: tuple[SceneLayer, ...] = ()
    symbols: Symbols = field(default_factory=dict)
    stamps: tuple[tuple[str, ...], ...] = ()
    date: str = ""
    producer: str = ""
    sources: tuple[str, ...] = ()


@dataclass
class Done:
    """What was written: ``kept`` cards stood there already."""

    files: list[Path] = field(default_factory=list)
    written: int = 0
    kept: int = 0


def write(
    path: Path, cards: Sequence[TownshipCard], ground: Ground, *, anew: bool = False, told: Told | None = None
) -> Done:
    """Write cards: into one PDF where ``path`` ends in .pdf, else a file each into the folder ``path``.

    Parameters
    ----------
    anew
        Write those again that stand in the folder.
    told
        Called before each page with words and the share done; may raise to stop.

    Raises
    ------
    UsageError
        For no cards, or another kind of file.
    StoreUnavailableError
        When a file cannot be written; finished files of a folder stay.
    CancelledError
        When ``told`` stops it; a PDF then has the pages finished so far, the hint names it.
    """
    if not cards:
        raise UsageError("There are no townships to make cards of", hint="Name others, or none for all.")
    if path.suffix and path.suffix.lower() != ".pdf" and not path.is_dir():
        raise UsageError("Cards cannot be written as {kind}", hint="Name a .pdf file or a folder.", kind=path.suffix)
    fonts = fonts_of()
    one = path.suffix.lower() == ".pdf"
    return _into_file(path, cards, ground, fonts, told) if one else _into_folder(path, cards, ground, fonts, told, anew=anew)


def fonts_of() -> QtFonts:
    """The program's fonts.

    Raises
    ------
    StoreUnavailableError
        Without PySide6.
    """
    try:
        from lydigital.render.painter.fonts import QtFonts

        return QtFonts()
    except ImportError:
        raise StoreUnavailableError(
            "Pages need PySide6, which is not installed", hint="Install it; plans as Word, HTML or XLSX without a map are written without it."
        ) from None


def _into_file(
    path: Path, cards: Sequence[TownshipCard], ground: Ground, fonts: QtFonts, told: Told | None
) -> Done:
    from lydigital.publish import pdf

    done = Done([path])
    with pdf.Writer(title=tr("Township emergency cards") if len(cards) > 1 else _title(cards[0])) as writer:
        for number, card in enumerate(cards):
            try:
                _say(told, card, number, len(cards))
            except CancelledError as error:
                if not done.written:
                    raise
                beside = writer.save(path.with_name(f"{path.stem}-{done.written:03d}{path.suffix}"))
                raise CancelledError(
                    "Stopped after {count} of {all} cards", hint="The finished ones are in {path}.", count=done.written, all=len(cards), path=str(beside)
                ) from error  # fmt: skip
            writer.add(arranged(card, ground, fonts))
            done.written += 1
        writer.save(path)
    return done


def _into_folder(
    folder: Path, cards: Sequence[TownshipCard], ground: Ground, fonts: QtFonts, told: Told | None, *, anew: bool
) -> Done:  # fmt: skip
    from lydigital.publish import pages, press

    done = Done()
    for number, card in enumerate(cards):
        target = folder / f"{card.code}_{_file_name(card.name)}.pdf"
        done.files.append(target)
        with suppress(OSError):
            if not anew and target.stat().st_size:
                done.kept += 1
                continue
        try:
            _say(told, card, number, len(cards))
            pages.save(target, press.pdf_of([arranged(card, ground, fonts)], _title(card)))
        except LydError as error:
            raise type(error)(
                "{reason} Finished: {count} of {all} cards.", hint="Start it again: those that are finished stay, only the others are made.",
                reason=f"{error} {error.hint_text()}", count=done.written + done.kept, all=len(cards),
            ) from error  # fmt: skip
        done.written += 1
    return done


def _say(told: Told | None, card: TownshipCard, number: int, count: int) -> None:
    if told is not None:
        told(tr("Card {number} of {count}: {name}", number=number + 1, count=count, name=card.name), number / count)


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)[:60]


def _title(card: TownshipCard) -> str:
    return tr("Emergency card: {name}", name=f"{card.county}{card.name}")


def arranged(card: TownshipCard, ground: Ground, fonts: QtFonts) -> Arranged:
    """One card ready for every format: always one page."""
    plan = cardtables.plan(card)
    own, bounds = cardmap.layers(card, ground.symbols, ground.crs)
    box = plan.map
    item = MapItem(id="map", x=box.x, y=box.y, width=box.width, height=box.height, bounds=bounds, margin=0.03, round_scale=False)
    layout = Layout(id="township_card", title=_title(card), pages=(PAGE,), items=(item,))
    material = arranging.Material(
        ground.crs, bounds, lambda scale, _: (*cardmap.at(ground.scene, scale), *own), _none, _none, facts={"sources": ""},  # type: ignore[arg-type]
    )  # fmt: skip
    made = arranging.arrange(layout, material, fonts=fonts)
    whole = made.maps[0]
    clear = drawlist.build(own, whole.viewport, None, is_page=True, background=(0, 0, 0, 0))
    above = replace(whole, picture=replace(clear, labels=whole.picture.labels, heights=whole.picture.heights))
    page = ArrangedPage(PAGE.width, PAGE.height, (
        Placed(_item("under"), box, paint=partial(cardtables.under, box=box, picture=whole, scene=cardmap.at(ground.scene, whole.viewport.scale), dpi=IMAGE_DPI)),
        Placed(item, box, map=above),
        Placed(_item("around"), Box(0, 0, PAGE.width, PAGE.height), paint=partial(cardtables.paint, card=card, plan=plan, map_=whole, ground=ground)),
    ), _title(card))  # fmt: skip
    return Arranged(layout, (page,), fonts, {**made.facts, "title": _title(card)}, made.issues)


def _item(name: str) -> TextItem:
    return TextItem(id=name, x=0, y=0, width=PAGE.width, height=PAGE.height)


def _none(layer: str) -> object:
    raise AssertionError(layer)  # nothing on a card asks the map for its tables

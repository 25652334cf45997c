"""Coordinates as people write and read them: degrees, degrees-minutes-seconds, Gauss-Krüger with and without zone.

Pure functions; the search box parses with :func:`parse`, the status bar writes with :data:`NOTATIONS`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lydigital.model.crs import CGCS2000, WGS84, Crs, transformation
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLE_BOUNDS = (
    111.13,
    33.57,
    112.98,
    35.08,
)  # Luoyang, degrees: decides between readings of an ambiguous pair


@dataclass(frozen=True)
class Notation:
    """A way to write a place. ``title`` and ``note`` are English texts for ``tr``."""

    id: str
    title: str
    crs: str
    style: Literal["decimal", "dms", "plane"]
    note: str = ""


NOTATIONS = (
    Notation("dd", "CGCS2000 · decimal degrees", CGCS2000, "decimal"),
    Notation("dms", "CGCS2000 · degrees, minutes, seconds", CGCS2000, "dms"),
    Notation("cm111", "CGCS2000 · 3° Gauss-Krüger, CM 111°E", "EPSG:4546", "plane", "West of 112.5°E"),
    Notation("cm114", "CGCS2000 · 3° Gauss-Krüger, CM 114°E", "EPSG:4547", "plane", "East of 112.5°E"),
    Notation("zone37", "CGCS2000 · 3° Gauss-Krüger, zone 37", "EPSG:4525", "plane", "Easting starts with 37"),
    Notation("zone38", "CGCS2000 · 3° Gauss-Krüger, zone 38", "EPSG:4526", "plane", "Easting starts with 38"),
    Notation("wgs84", "WGS 84 · decimal degrees", WGS84, "decimal", "Same as CGCS2000 within decimetres"),
)


def notation(notation_id: str) -> Notation:
    """The notation of that id, decimal degrees when there is none."""
    return next((n for n in NOTATIONS if n.id == notation_id), NOTATIONS[0])


def dms(value: float) -> str:
    """Degrees as ``112°27′00.00″``, carrying over correctly at 60."""
    hundredths = round(abs(value) * 360000)
    degrees, rest = divmod(hundredths, 360000)
    minutes, rest = divmod(rest, 6000)
    sign = "-" if value < 0 else ""
    return f"{sign}{degrees}°{minutes:02d}′{rest / 100:05.2f}″"


def write(x: float, y: float, crs: Crs, how: Notation) -> str:
    """The point ``x, y`` of ``crs`` in the notation ``how``; "" where it cannot be expressed."""
    px, py = transformation(crs, Crs(how.crs)).point(x, y)
    if not (abs(px) < 1e9 and abs(py) < 1e9):
        return ""
    if how.style == "plane":
        return f"E {px:,.2f}  N {py:,.2f} m"
    east, north = ("E" if px >= 0 else "W"), ("N" if py >= 0 else "S")
    if how.style == "dms":
        return f"{dms(abs(px))}{east}  {dms(abs(py))}{north}"
    return f"{abs(px):.6f}°{east}  {abs(py):.6f}°{north}"


@dataclass(frozen=True)
class Place:
    """A reading of typed coordinates: where, in which system, and how it was understood."""

    x: float
    y: float
    crs: Crs
    reading: str

    def in_crs(self, target: Crs) -> tuple[float, float]:
        return transformation(self.crs, target).point(self.x, self.y)


_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_ANGLE = re.compile(
    r"(?P<before>[NSEW])?\s*(?P<d>\d+(?:\.\d+)?)\s*[°º度d]\s*(?:(?P<m>\d+(?:\.\d+)?)\s*['′’分]\s*)?"
    r"(?:(?P<s>\d+(?:\.\d+)?)\s*(?:\"|″|”|''|秒)\s*)?(?P<after>[NSEW])?",
    re.IGNORECASE,
)
_WORDS = {"东经": "E", "西经": "W", "北纬": "N", "南纬": "S", "经度": "E", "纬度": "N", ",": " ", "、": " ", ";": " ",
          "，": " ", "；": " ", "：": " ", ":": " "}  # fmt: skip


def parse(text: str, document_crs: Crs | None = None) -> list[Place]:
    """Every sensible reading of ``text`` as a point, the most likely first; [] when it is no pair of coordinates.

    Order of the two numbers, hemisphere letters before or after, Chinese words, full-width commas and zone prefixes
    are understood. Six-digit eastings fit both central meridians: readings inside Luoyang come first.
    """
    cleaned = text.strip()
    for word, plain in _WORDS.items():
        cleaned = cleaned.replace(word, plain)
    pair = _angles(cleaned) or _plain(cleaned)
    if pair is None:
        return []
    a, b = pair
    places = _degrees(a, b) or _plane(a, b, document_crs)
    return sorted(places, key=lambda p: not _near(p))


def _angles(text: str) -> tuple[float, float] | None:
    found = [m for m in _ANGLE.finditer(text) if m["d"]]
    if len(found) != 2 or _NUMBER.search(_ANGLE.sub(" ", text)):
        return None
    values, letters = [], []
    for m in found:
        value = float(m["d"]) + float(m["m"] or 0) / 60 + float(m["s"] or 0) / 3600
        letter = (m["before"] or m["after"] or "").upper()
        values.append(-value if letter in ("S", "W") else value)
        letters.append(letter)
    swapped = letters[0] in ("N", "S") and letters[1] not in ("N", "S")
    return (values[1], values[0]) if swapped else (values[0], values[1])


def _plain(text: str) -> tuple[float, float] | None:
    numbers = _NUMBER.findall(text)
    rest = _NUMBER.sub("", text).replace(" ", "").replace("°", "").lower()
    if len(numbers) != 2 or rest not in ("", "en", "ne", "xy", "x=y=", "m", "mm"):
        return None
    a, b = float(numbers[0]), float(numbers[1])
    return (b, a) if rest == "ne" else (a, b)


def _degrees(a: float, b: float) -> list[Place]:
    if not (abs(a) <= 180 and abs(b) <= 180):
        return []
    lon, lat = (b, a) if (abs(b) > 90 or (3 <= a <= 54 and 73 <= b <= 136)) else (a, b)
    if abs(lat) > 90:
        return []
    return [Place(lon, lat, Crs(CGCS2000), tr("Longitude, latitude (CGCS2000)"))]


def _plane(a: float, b: float, document_crs: Crs | None) -> list[Place]:
    """Gauss-Krüger: the northing of China lies between 0.3 and 6 million metres and is the number without zone."""
    readings: list[Place] = []
    for east, north in ((a, b), (b, a)):
        zone = int(east // 1e6)
        if not 2e6 <= north <= 6e6:
            continue
        if zone in (37, 38):
            code = {37: "EPSG:4525", 38: "EPSG:4526"}[zone]
            readings.append(Place(east, north, Crs(code), tr("Gauss-Krüger zone {zone}", zone=zone)))
        elif zone == 19:
            readings.append(
                Place(east, north, Crs("EPSG:4497"), tr("6° Gauss-Krüger zone {zone}", zone=zone))
            )
        elif 1e5 <= east < 1e6:
            codes: Sequence[tuple[str, str]] = (("EPSG:4546", "111"), ("EPSG:4547", "114"))
            readings += [
                Place(east, north, Crs(code), tr("Gauss-Krüger, central meridian {cm}°E", cm=cm))
                for code, cm in codes
            ]
    if document_crs is not None:
        readings.sort(key=lambda p: p.crs.definition != document_crs.definition)
    return readings


def _near(place: Place) -> bool:
    lon, lat = place.in_crs(Crs(CGCS2000))
    x0, y0, x1, y1 = SAMPLE_BOUNDS
    return x0 <= lon <= x1 and y0 <= lat <= y1

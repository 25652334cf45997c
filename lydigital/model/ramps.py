"""Colours in a row: ramps for numbers and sets for categories, mixed in OKLab so that equal steps look equal.

Ramps are given by few anchors in OKLCh (Ottosson, "A perceptual color space for image processing", 2020): lightness
0-1, chroma, hue in degrees. Sequential ramps fall steadily in lightness, so they are read without colour vision too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

from lydigital.texts import pick

Lab = tuple[float, float, float]
NO_DATA = "#c9c7c2"


@dataclass(frozen=True)
class Ramp:
    """A named row of colours. ``anchors`` are lightness, chroma, hue (degrees), evenly spaced."""

    id: str
    title: str
    title_en: str
    kind: Literal["sequential", "diverging", "categories", "bivariate"]
    anchors: tuple[Lab, ...]
    safe: bool = True  # told apart with red-green blindness

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)


def _sequential(ramp_id: str, title: str, title_en: str, *anchors: Lab) -> Ramp:
    return Ramp(ramp_id, title, title_en, "sequential", anchors)


RAMPS = (
    _sequential("teal", "伊水青", "Teal", (0.96, 0.02, 190), (0.72, 0.09, 190), (0.36, 0.07, 200)),
    _sequential("peony", "牡丹红", "Peony", (0.96, 0.02, 20), (0.72, 0.13, 10), (0.37, 0.13, 5)),
    _sequential("loess", "黄土", "Loess", (0.97, 0.03, 95), (0.74, 0.11, 70), (0.38, 0.08, 45)),
    _sequential("green", "邙山绿", "Green", (0.97, 0.03, 120), (0.72, 0.12, 145), (0.36, 0.08, 155)),
    _sequential("blue", "洛水蓝", "Blue", (0.96, 0.02, 240), (0.70, 0.11, 245), (0.34, 0.11, 262)),
    _sequential("violet", "紫", "Violet", (0.96, 0.02, 310), (0.68, 0.12, 305), (0.34, 0.13, 295)),
    _sequential("grey", "灰", "Grey", (0.95, 0.0, 0), (0.32, 0.0, 0)),
    _sequential("dusk", "暮色", "Dusk", (0.97, 0.06, 105), (0.80, 0.14, 70), (0.60, 0.18, 25), (0.40, 0.14, 345), (0.25, 0.08, 300)),
    _sequential("aurora", "极光", "Aurora", (0.95, 0.10, 110), (0.77, 0.14, 150), (0.57, 0.10, 205), (0.40, 0.10, 265), (0.26, 0.09, 305)),
    _sequential("ember", "炉火", "Ember", (0.97, 0.07, 100), (0.82, 0.15, 75), (0.65, 0.19, 40), (0.45, 0.16, 28), (0.28, 0.08, 20)),
    Ramp("blue_orange", "蓝橙对比", "Blue to orange", "diverging",
         ((0.42, 0.12, 258), (0.70, 0.10, 245), (0.96, 0.005, 100), (0.74, 0.13, 62), (0.47, 0.12, 45))),
    Ramp("teal_brown", "青褐对比", "Teal to brown", "diverging",
         ((0.42, 0.075, 195), (0.72, 0.08, 190), (0.96, 0.01, 100), (0.74, 0.09, 75), (0.43, 0.08, 60))),
    Ramp("green_violet", "绿紫对比", "Green to violet", "diverging",
         ((0.44, 0.11, 148), (0.74, 0.10, 145), (0.96, 0.005, 100), (0.74, 0.09, 310), (0.42, 0.13, 302))),
    Ramp("blue_red", "蓝红对比", "Blue to red", "diverging",
         ((0.40, 0.13, 262), (0.70, 0.10, 250), (0.96, 0.005, 100), (0.70, 0.13, 28), (0.43, 0.16, 25))),
    Ramp("clear", "分明", "Clear", "categories",
         ((0.52, 0.12, 250), (0.76, 0.15, 68), (0.62, 0.11, 165), (0.48, 0.15, 22), (0.80, 0.09, 230), (0.88, 0.15, 100),
          (0.55, 0.15, 340), (0.40, 0.08, 300), (0.70, 0.02, 80), (0.36, 0.06, 150), (0.80, 0.09, 10), (0.45, 0.07, 60))),
    Ramp("soft", "柔和", "Soft", "categories",
         ((0.82, 0.07, 245), (0.87, 0.09, 85), (0.80, 0.08, 155), (0.76, 0.09, 20), (0.74, 0.08, 305), (0.92, 0.08, 110),
          (0.78, 0.08, 195), (0.84, 0.06, 350), (0.72, 0.06, 60), (0.84, 0.01, 90), (0.68, 0.07, 130), (0.68, 0.06, 265)),
         safe=False),
    Ramp("bivariate_teal_peony", "青 × 红", "Teal × peony", "bivariate", ((0.94, 0.01, 100), (0.66, 0.12, 8), (0.66, 0.10, 195), (0.34, 0.07, 300))),
    Ramp("bivariate_blue_loess", "蓝 × 黄", "Blue × yellow", "bivariate", ((0.95, 0.01, 100), (0.80, 0.14, 80), (0.62, 0.12, 250), (0.33, 0.05, 150))),
)  # fmt: skip
_BY_ID = {ramp.id: ramp for ramp in RAMPS}


def ramp_of(ramp_id: str, fallback: str = "teal") -> Ramp:
    """The ramp of that id, or the fallback where there is none."""
    return _BY_ID.get(ramp_id, _BY_ID[fallback])


def colors(ramp_id: str, count: int, *, reverse: bool = False) -> tuple[str, ...]:
    """``count`` colours ``#rrggbb`` along a ramp; sets for categories begin anew when they are used up."""
    ramp = ramp_of(ramp_id)
    if ramp.kind == "categories":
        out = tuple(_hex(_lab(ramp.anchors[i % len(ramp.anchors)])) for i in range(count))
    elif count == 1:
        out = (color_at(ramp_id, 0.6),)
    else:
        out = tuple(color_at(ramp_id, i / (count - 1)) for i in range(count))
    return out[::-1] if reverse else out


@cache
def color_at(ramp_id: str, t: float) -> str:
    """The colour at ``t``, 0-1, of a sequential or diverging ramp."""
    anchors = ramp_of(ramp_id).anchors
    at = min(max(t, 0.0), 1.0) * (len(anchors) - 1)
    i = min(int(at), len(anchors) - 2)
    return _hex(_mix(_lab(anchors[i]), _lab(anchors[i + 1]), at - i))


def square(ramp_id: str, steps: int = 3) -> tuple[tuple[str, ...], ...]:
    """Colours of two variables: ``[y][x]``; x to the second anchor, y to the third, both to the fourth."""
    low, right, up, both = (_lab(a) for a in ramp_of(ramp_id, "bivariate_teal_peony").anchors)
    share = [i / (steps - 1) for i in range(steps)]
    return tuple(tuple(_hex(_mix(_mix(low, right, x), _mix(up, both, x), y)) for x in share) for y in share)


def mixed(first: str, second: str, t: float) -> str:
    """``#rrggbb`` a share ``t`` of the way from one colour to another, in OKLab."""
    return _hex(_mix(lab_of(first), lab_of(second), t))


def lab_of(color: str) -> Lab:
    """OKLab of ``#rrggbb``."""
    r, g, b = (_linear(int(color[i : i + 2], 16) / 255.0) for i in (1, 3, 5))
    l_ = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    m_ = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s_ = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * l_ + 0.7936177850 * m_ - 0.0040720468 * s_,
        1.9779984951 * l_ - 2.4285922050 * m_ + 0.4505937099 * s_,
        0.0259040371 * l_ + 0.7827717662 * m_ - 0.8086757660 * s_,
    )


def _lab(lch: Lab) -> Lab:
    light, chroma, hue = lch
    return (light, chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue)))


def _mix(a: Lab, b: Lab, t: float) -> Lab:
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


def _linear(v: float) -> float:
    return v / 12.92 if v <= 0.04045 else float(((v + 0.055) / 1.055) ** 2.4)


def _gamma(v: float) -> float:
    return 12.92 * v if v <= 0.0031308 else 1.055 * float(v ** (1 / 2.4)) - 0.055


def _rgb(lab: Lab) -> Lab:
    """Linear sRGB of OKLab; outside 0-1 where the screen has no such colour."""
    light, a, b = lab
    l3 = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m3 = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s3 = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * l3 - 3.3077115913 * m3 + 0.2309699292 * s3,
        -1.2684380046 * l3 + 2.6097574011 * m3 - 0.3413193965 * s3,
        -0.0041960863 * l3 - 0.7034186147 * m3 + 1.7076147010 * s3,
    )


def _hex(lab: Lab) -> str:
    """``#rrggbb``; chroma gives way until the screen has the colour."""
    keep = 1.0
    while keep > 0.0:
        rgb = _rgb((lab[0], lab[1] * keep, lab[2] * keep))
        if all(-1e-4 <= v <= 1.0 + 1e-4 for v in rgb):
            break
        keep -= 0.02
    else:
        rgb = _rgb((lab[0], 0.0, 0.0))
    return "#" + "".join(f"{round(255 * _gamma(min(max(v, 0.0), 1.0))):02x}" for v in rgb)

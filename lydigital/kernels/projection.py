"""Transverse Mercator (Gauss-Krüger, UTM) of many points: Krüger's series to the sixth order.

Forward and inverse after Karney, "Transverse Mercator with an accuracy of a few nanometers" (2011), eqs. 7-11 and 35-36;
the latitude of a conformal latitude by the series of Kawase, "Concise derivation of extensive coordinate conversion
formulae in the Gauss-Krüger projection" (2013). PROJ computes the same series one point at a time.
"""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels.jit import F64, f64s, f64s2, i64, inner, kernel, write
from lydigital.kernels.jit import f64 as _f64

_XY = write(_f64, 2)

FLATTEST = 150.0  # least inverse flattening: the Earth's is 298
MOST_DEG = 10.0  # from the central meridian: nanometres within; beyond, PROJ is asked
_MOST_LAT = 85.0
_ALPHA = (
    (1 / 2, -2 / 3, 5 / 16, 41 / 180, -127 / 288, 7891 / 37800),
    (0, 13 / 48, -3 / 5, 557 / 1440, 281 / 630, -1983433 / 1935360),
    (0, 0, 61 / 240, -103 / 140, 15061 / 26880, 167603 / 181440),
    (0, 0, 0, 49561 / 161280, -179 / 168, 6601661 / 7257600),
    (0, 0, 0, 0, 34729 / 80640, -3418889 / 1995840),
    (0, 0, 0, 0, 0, 212378941 / 319334400),
)
_BETA = (
    (1 / 2, -2 / 3, 37 / 96, -1 / 360, -81 / 512, 96199 / 604800),
    (0, 1 / 48, 1 / 15, -437 / 1440, 46 / 105, -1118711 / 3870720),
    (0, 0, 17 / 480, -37 / 840, -209 / 4480, 5569 / 90720),
    (0, 0, 0, 4397 / 161280, -11 / 504, -830251 / 7257600),
    (0, 0, 0, 0, 4583 / 161280, -108847 / 3991680),
    (0, 0, 0, 0, 0, 20648693 / 638668800),
)
_DELTA = (
    (2, -2 / 3, -2, 116 / 45, 26 / 45, -2854 / 675),
    (0, 7 / 3, -8 / 5, -227 / 45, 2704 / 315, 2323 / 945),
    (0, 0, 56 / 15, -136 / 35, -1262 / 105, 73814 / 2835),
    (0, 0, 0, 4279 / 630, -332 / 35, -399572 / 14175),
    (0, 0, 0, 0, 4174 / 315, -144838 / 6237),
    (0, 0, 0, 0, 0, 601676 / 22275),
)


def coefficients(
    semi_major: float, inverse_flattening: float, central_deg: float, scale: float, false_easting: float,
    false_northing: float,
) -> F64:
    """Everything about one projection, as :func:`forward` and :func:`inverse` take it; its origin is on the equator."""
    f = 1.0 / inverse_flattening if inverse_flattening else 0.0
    n = f / (2.0 - f)
    radius = semi_major / (1.0 + n) * (1.0 + n**2 / 4 + n**4 / 64 + n**6 / 256)
    powers = np.array([n**k for k in range(1, 7)])
    series = [np.array(table) @ powers for table in (_ALPHA, _BETA, _DELTA)]
    head = [math.sqrt(f * (2.0 - f)), radius * scale, math.radians(central_deg), false_easting, false_northing]
    return np.concatenate([np.array(head), *series])


@inner
def _wave(c: F64, start: int, sin2: float, cos2: float, sinh2: float, cosh2: float) -> tuple[float, float]:
    """Real and imaginary part of the sum of ``c[start + j - 1] sin(2 j z)``, j to 6, of a complex z: Clenshaw."""
    ar = 2.0 * cos2 * cosh2
    ai = -2.0 * sin2 * sinh2
    y0r = y0i = y1r = y1i = 0.0
    for j in range(5, -1, -1):
        tr = ar * y0r - ai * y0i - y1r + c[start + j]
        ti = ar * y0i + ai * y0r - y1i
        y1r, y1i = y0r, y0i
        y0r, y0i = tr, ti
    sr = sin2 * cosh2
    si = cos2 * sinh2
    return sr * y0r - si * y0i, sr * y0i + si * y0r


@inner
def _conformal(tau: float, s: float, square: float) -> float:
    """Tangent of the conformal latitude, from tangent and sine of the latitude (Karney eqs. 7-9).

    ``e atanh(e s)`` and its sinh by their series: for the Earth's eccentricity (``square`` is 0.0067) these terms are exact.
    """
    q = square * s * s
    u = square * s * (1.0 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11 + q / 13))))))
    v = u * u
    sigma = u * (1.0 + v / 6.0 * (1.0 + v / 20.0 * (1.0 + v / 42.0)))
    return tau * math.sqrt(1.0 + sigma * sigma) - sigma * math.sqrt(1.0 + tau * tau)


@kernel(f64s, f64s2, _XY, i64, i64, fast=False)
def forward(c: F64, degrees: F64, out: F64, first: int, last: int) -> bool:
    """Project longitudes and latitudes ``degrees[first:last]`` to ``out``; false where one is out of reach."""
    square = c[0] * c[0]
    for i in range(first, last):
        longitude = degrees[i, 0] * (math.pi / 180.0) - c[2]
        if not (abs(longitude) <= MOST_DEG * (math.pi / 180.0) and abs(degrees[i, 1]) <= _MOST_LAT):
            return False
        s = math.sin(degrees[i, 1] * (math.pi / 180.0))
        tau = _conformal(s / math.cos(degrees[i, 1] * (math.pi / 180.0)), s, square)
        cosine = math.cos(longitude)
        sine = math.sin(longitude)
        root = math.sqrt(tau * tau + cosine * cosine)
        xi = math.atan2(tau, cosine)
        eta = math.asinh(sine / root)
        # of twice the angles, from the single ones without further functions
        sin1, cos1 = tau / root, cosine / root
        sinh1 = sine / root
        cosh1 = math.sqrt(1.0 + sinh1 * sinh1)
        dx, dy = _wave(
            c, 5, 2.0 * sin1 * cos1, cos1 * cos1 - sin1 * sin1, 2.0 * sinh1 * cosh1, 1.0 + 2.0 * sinh1 * sinh1
        )
        out[i, 0] = c[3] + c[1] * (eta + dy)
        out[i, 1] = c[4] + c[1] * (xi + dx)
    return True


@kernel(f64s, f64s2, _XY, i64, i64, fast=False)
def inverse(c: F64, xy: F64, out: F64, first: int, last: int) -> bool:
    """Longitudes and latitudes in degrees of ``xy[first:last]``; false where one is out of reach."""
    none = 0.0
    for i in range(first, last):
        eta = (xy[i, 0] - c[3]) / c[1]
        xi = (xy[i, 1] - c[4]) / c[1]
        if not (abs(eta) <= MOST_DEG * (math.pi / 180.0) and abs(xi) <= _MOST_LAT * (math.pi / 180.0)):
            return False
        sinh1 = math.sinh(2.0 * eta)
        dx, dy = _wave(c, 11, math.sin(2.0 * xi), math.cos(2.0 * xi), sinh1, math.sqrt(1.0 + sinh1 * sinh1))
        xi -= dx
        eta -= dy
        sine, cosine, slope = math.sin(xi), math.cos(xi), math.sinh(eta)
        longitude = math.atan2(slope, cosine)
        level = math.sqrt(slope * slope + cosine * cosine)
        conformal = math.atan2(sine, level)
        square = sine * sine + level * level
        d, _ = _wave(c, 17, 2.0 * sine * level / square, (level * level - sine * sine) / square, none, 1.0)
        out[i, 0] = (longitude + c[2]) * (180.0 / math.pi)
        out[i, 1] = (conformal + d) * (180.0 / math.pi)
    return True

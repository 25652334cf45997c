"""PROJ's pipelines, as far as our kernels can do them: geographic degrees and transverse Mercator on one ellipsoid."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from lydigital.kernels import projection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TMERC = {"proj", "lat_0", "lon_0", "k", "k_0", "x_0", "y_0", "ellps", "a", "rf", "inv"}
_UTM = {"proj", "zone", "south", "ellps", "a", "rf", "inv"}


class Step(NamedTuple):
    """One projection: its coefficients, and whether it goes back to degrees."""

    c: NDArray[np.float64]
    inverse: bool


def read(definition: str) -> tuple[Step, ...] | None:
    """The steps of a pipeline as PROJ writes it, or None where it has one that our kernels do not."""
    words = [word.lstrip("+") for word in shlex.split(definition)]
    found: list[dict[str, str]] = [{}]
    for word in words:
        name, _, value = word.partition("=")
        if name == "step":
            found.append({})
        else:
            found[-1][name] = value
    head, steps = (found[0], found[1:]) if found[0].get("proj") == "pipeline" else ({}, found)
    if set(head) - {"proj", "ellps", "a", "rf"}:
        return None
    made: list[Step] = []
    ellipsoids: set[tuple[float, float]] = set()
    for number, step in enumerate(steps):
        if step.get("proj") == "unitconvert":
            turned = {"xy_in": "deg", "xy_out": "rad"} if number == 0 else {"xy_in": "rad", "xy_out": "deg"}
            if number not in (0, len(steps) - 1) or step != {"proj": "unitconvert", **turned}:
                return None
            continue
        size = _ellipsoid(step)
        made_one = _step(step, size) if size is not None else None
        if size is None or made_one is None or 0 < size[1] < projection.FLATTEST:
            return None
        ellipsoids.add(size)
        made.append(made_one)
    ways = [step.inverse for step in made]
    starts, ends = (bool(steps) and s.get("proj") == "unitconvert" for s in (steps[0], steps[-1]))
    fits = (ways == [False] and starts) or (ways == [True] and ends) or (ways == [True, False] and not (starts or ends))
    return tuple(made) if fits and len(ellipsoids) == 1 else None


def _step(step: dict[str, str], ellipsoid: tuple[float, float]) -> Step | None:
    try:
        if step.get("proj") == "utm" and not set(step) - _UTM:
            central, scale, x = 6.0 * int(step["zone"]) - 183.0, 0.9996, 500000.0
            y = 1e7 if "south" in step else 0.0
        elif step.get("proj") == "tmerc" and not set(step) - _TMERC and float(step.get("lat_0", 0)) == 0:
            central, scale = float(step.get("lon_0", 0)), float(step.get("k_0", step.get("k", 1)))
            x, y = float(step.get("x_0", 0)), float(step.get("y_0", 0))
        else:
            return None
    except (ValueError, KeyError):
        return None
    return Step(projection.coefficients(*ellipsoid, central, scale, x, y), "inv" in step)


def _ellipsoid(step: dict[str, str]) -> tuple[float, float] | None:
    """Semi-major axis and inverse flattening."""
    import pyproj

    try:
        if "a" in step and "rf" in step:
            return float(step["a"]), float(step["rf"])
        geod = pyproj.Geod(ellps=step["ellps"])
    except (ValueError, KeyError, pyproj.exceptions.GeodError):
        return None
    return float(geod.a), (1.0 / float(geod.f) if geod.f else 0.0)

"""Types of what kernels take. Numba knows them too, but importing it costs every start more than a third of a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Scalar:
    """A number; ``name`` is numpy's and numba's name of it."""

    name: str


@dataclass(frozen=True)
class Array:
    """An array of numbers. ``layout`` is C (contiguous) or A (any); ``readonly`` promises not to write."""

    dtype: Scalar
    ndim: int
    layout: str
    readonly: bool = False


Type: TypeAlias = Scalar | Array

boolean = Scalar("bool")
uint8, uint16, uint32 = Scalar("uint8"), Scalar("uint16"), Scalar("uint32")
int16, int32, int64 = Scalar("int16"), Scalar("int32"), Scalar("int64")
float32, float64 = Scalar("float32"), Scalar("float64")

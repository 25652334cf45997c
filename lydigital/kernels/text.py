"""Texts that hold, begin with, end with or are a pattern: bytes of a whole column in one go (layout: Apache Arrow strings)."""

from __future__ import annotations

from lydigital.kernels import types
from lydigital.kernels.jit import BOOL, I64, U8, i64, i64s, kernel, u8s, write

CONTAINS, STARTS, ENDS, IS = range(4)


@kernel(u8s, i64s, u8s, i64, i64, i64, write(types.boolean), fast=False)
def match(data: U8, ends: I64, pattern: U8, way: int, first: int, last: int, out: BOOL) -> None:
    """Set ``out[first:last]``: whether the texts between neighbouring ``ends`` ``(n + 1,)`` meet the pattern.

    To contain it, the bytes of all texts are searched for that byte of it which a sample of them has least, and a find
    counts when it lies in one text.
    """
    m = len(pattern)
    if way != 0 or m == 0:
        for i in range(first, last):
            begin, length = ends[i], ends[i + 1] - ends[i]
            fits = length == m if way == 3 else length >= m
            if way == 2:
                begin += length - m
            k = 0
            while fits and k < m:
                fits = data[begin + k] == pattern[k]
                k += 1
            out[i] = fits
        return
    out[first:last] = False
    place = 0
    least = last - first + 1
    for k in range(m):
        seen = 0
        for i in range(ends[first], min(ends[last], ends[first] + 4096)):
            if data[i] == pattern[k]:
                seen += 1
        if k == 0 or seen < least:
            place, least = k, seen
    key = pattern[place]
    i = first
    at = ends[first] + place
    stop = ends[last] - (m - 1 - place)
    while at < stop:
        part = data[at : min(at + 4096, stop)]  # counted from 0: no index can be negative
        for step in range(len(part)):
            if part[step] == key:
                break
        else:
            at += len(part)
            continue
        at += step
        k = 0
        while k < m and data[at - place + k] == pattern[k]:
            k += 1
        if k == m:
            low, high = i, last  # the text that holds the place: ends[low] <= at < ends[high]
            while high - low > 1:
                middle = (low + high) // 2
                if ends[middle] <= at:
                    low = middle
                else:
                    high = middle
            i = low
            if ends[i] <= at - place and at - place + m <= ends[i + 1]:
                out[i] = True
        at += 1

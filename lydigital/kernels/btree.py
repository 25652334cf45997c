"""Rows of a table in an SQLite file, straight from its pages.

A table of a million features is read by SQL in seconds, row by row under one lock; its leaf pages lie open in a published
format (https://www.sqlite.org/fileformat2.html §1.5-2.1) and can be read by several threads. Nothing on a page is believed
before it is checked: what does not fit is a fault, and the caller takes the slow way.

Rows that continue on other pages ("overflow") are only listed, for SQL to fetch.
"""

from __future__ import annotations

import numpy as np

from lydigital.kernels import types
from lydigital.kernels.jit import I32, I64, U8, i64, i64s, inner, kernel, u8s, write

SKIP, INTEGER, REAL, TEXT, BLOB, KEY = range(6)  # what a column of the table is read as
FAULT = -1


@inner
def _big(data: U8, pos: int, size: int) -> int:
    """Signed big-endian integer."""
    value = np.int64(data[pos])
    if value > 127:
        value -= 256
    for k in range(1, size):
        value = (value << 8) | np.int64(data[pos + k])
    return int(value)


@inner
def _varint(data: U8, pos: int, end: int) -> tuple[int, int]:
    """Value and position behind it, which is ``FAULT`` beyond ``end``."""
    value = np.int64(0)
    for k in range(9):
        if pos + k >= end:
            return 0, FAULT
        byte = np.int64(data[pos + k])
        if k == 8:
            return int((value << 8) | byte), pos + 9
        value = (value << 7) | (byte & 127)
        if byte < 128:
            return int(value), pos + k + 1
    return 0, FAULT


@inner
def _size_of(serial: int) -> int:
    """Bytes of a value, ``FAULT`` for reserved types."""
    if serial < 0 or serial in (10, 11):
        return FAULT
    if serial >= 12:
        return (serial - 12) // 2
    if serial == 5:
        return 6
    if serial in (6, 7):
        return 8
    if serial >= 8:
        return 0
    return serial


@inner
def _fits(kind: int, serial: int) -> bool:
    if kind == 0 or serial == 0:
        return True
    if kind == 1:
        return serial in (1, 2, 3, 4, 5, 6, 8, 9)
    if kind == 2:
        return serial <= 9
    if kind == 3:
        return serial >= 13 and serial % 2 == 1
    return kind == 4 and serial >= 12 and serial % 2 == 0


@inner
def _cell(data: U8, page: int, size: int, k: int, kinds: I64, at: I64, serials: I64) -> tuple[int, int]:
    """One row: its key, and 1 where it is here, 0 where it continues elsewhere, else ``FAULT``.

    ``at`` and ``serials`` get place and type of every column; columns the row does not have (added later) are NULL.
    """
    end = page + size
    slot = page + 8 + 2 * k
    pos = page + int(data[slot]) * 256 + int(data[slot + 1])
    payload, pos = _varint(data, pos, end)
    if pos < 0 or payload < 1:
        return 0, FAULT
    key, pos = _varint(data, pos, end)
    if pos < 0:
        return 0, FAULT
    if payload > size - 35:
        return key, 0
    if pos + payload > end:
        return 0, FAULT
    end = pos + payload
    head, place = _varint(data, pos, end)
    if place < 0 or head < place - pos or head > payload:
        return 0, FAULT
    head_end = pos + head
    body = head_end
    column = 0
    while place < head_end:
        serial, place = _varint(data, place, head_end)
        if place < 0 or column >= len(kinds):
            return 0, FAULT
        width = _size_of(serial)
        if width < 0 or width > end - body or not _fits(kinds[column], serial):
            return 0, FAULT
        at[column] = body
        serials[column] = serial
        body += width
        column += 1
    for c in range(column, len(kinds)):
        serials[c] = 0
        at[c] = body
    return key, 1


@inner
def _rows(data: U8, page: int, size: int) -> int:
    """Rows on a leaf page, else ``FAULT``."""
    if page < 0 or page + size > len(data) or data[page] != 13:
        return FAULT
    n = int(data[page + 3]) * 256 + int(data[page + 4])
    return n if 8 + 2 * n <= size else FAULT


@inner
def _bare(data: U8, pos: int, length: int) -> int:
    """Bytes before the WKB of a GeoPackage blob: its header with the envelope (OGC 12-128r19 §2.1.3)."""
    if length < 8 or data[pos] != 0x47 or data[pos + 1] != 0x50:
        return 0
    envelope = (data[pos + 3] >> 1) & 7
    if envelope > 4:
        return 0
    skip = 8 + (0 if envelope == 0 else 32 if envelope == 1 else 64 if envelope == 4 else 48)
    return skip if skip <= length else 0


@kernel(u8s, i64s, i64, i64s, write(types.int64), fast=False)
def measure(data: U8, pages: I64, size: int, kinds: I64, room: I64) -> int:
    """How much leaf pages hold.

    Parameters
    ----------
    pages
        Where they begin in ``data``.
    size
        Usable bytes of a page.
    kinds
        How each column is read.
    room
        ``(columns + 2,) int64``, written: bytes of each column of texts, then rows here and rows that continue elsewhere.

    Returns 0, or ``FAULT``.
    """
    columns = len(kinds)
    at = np.empty(columns, np.int64)
    serials = np.empty(columns, np.int64)
    room[:] = 0
    for p in range(len(pages)):
        page = pages[p]
        n = _rows(data, page, size)
        if n < 0:
            return FAULT
        for k in range(n):
            _, status = _cell(data, page, size, k, kinds, at, serials)
            if status < 0:
                return FAULT
            room[columns + (0 if status == 1 else 1)] += 1
            if status == 1:
                for c in range(columns):
                    if serials[c] >= 12 and kinds[c] == 3:
                        room[c] += (serials[c] - 12) // 2
    return 0


@kernel(
    u8s, i64s, i64, i64s, i64s, i64s, write(types.uint8), write(types.int64), write(types.int64), write(types.int64, 2),
    write(types.uint8, 2), write(types.int32, 2), write(types.int32, 2), fast=False,
)
def rows(
    data: U8, pages: I64, size: int, kinds: I64, slots: I64, begins: I64, content: U8, keys: I64, elsewhere: I64,
    numbers: I64, known: U8, ends: I32, blobs: I32,
) -> int:
    """Read leaf pages that :func:`measure` found sound.

    Parameters
    ----------
    slots
        Which row of ``numbers`` (columns of numbers) or ``ends`` (columns of texts) belongs to each column.
    begins
        Where in ``content`` the bytes of each column of texts begin.
    content, keys, elsewhere, numbers, known, ends, blobs
        Written: bytes of texts; key of every row here; keys of those elsewhere; ``int64`` numbers, the bits of floats
        where the column is real; 1 where there is a value ``(columns, rows)``; where each text ends behind a 0, counted
        from the beginning of its column; where the blob of each row begins, without its GeoPackage header, and ends in
        ``data`` ``(rows, 2)`` (a table has at most one column of blobs).
    """
    columns = len(kinds)
    at = np.empty(columns, np.int64)
    serials = np.empty(columns, np.int64)
    used = begins.copy()
    row = 0
    far = 0
    raw = np.empty(8, np.uint8)
    bits = raw.view(np.int64)
    real = raw.view(np.float64)
    for p in range(len(pages)):
        page = pages[p]
        n = _rows(data, page, size)
        for k in range(n):
            key, status = _cell(data, page, size, k, kinds, at, serials)
            if status < 0:
                return FAULT
            if status == 0:
                elsewhere[far] = key
                far += 1
                continue
            keys[row] = key
            for c in range(columns):
                kind = kinds[c]
                serial = serials[c]
                if kind in (0, 5):
                    continue
                if kind == 4:
                    length = (serial - 12) // 2 if serial >= 12 else 0
                    blobs[row, 0] = at[c] + _bare(data, at[c], length)
                    blobs[row, 1] = at[c] + length
                    continue
                known[c, row] = 0 if serial == 0 else 1
                if kind == 3:
                    if serial >= 12:
                        length = (serial - 12) // 2
                        source = data[at[c] : at[c] + length]
                        target = content[used[c] : used[c] + length]
                        for b in range(length):
                            target[b] = source[b]
                        used[c] += length
                    ends[slots[c], row + 1] = used[c] - begins[c]
                    continue
                value = np.int64(0)
                if serial == 9:
                    value = np.int64(1)
                elif serial not in (0, 8):
                    value = np.int64(_big(data, at[c], _size_of(serial)))
                if kind == 2 and serial != 7:
                    real[0] = float(value)
                    value = bits[0]
                numbers[slots[c], row] = value
            row += 1
    return 0


@kernel(i64, fast=False)
def memory(size: int) -> U8:
    """Bytes to write to, ``(size,) uint8``, in ordinary pages.

    NumPy asks for huge pages, which the system makes by moving others about: for memory written once and soon given back
    that took longer than all the reading (0.6 s for a million polygons on the machine of the benchmark).
    """
    return np.empty(size, np.uint8)


@kernel(u8s, i64, fast=False)
def children(data: U8, size: int) -> I64:
    """Pages below an interior page, in order; none where it is no such page."""
    n = int(data[3]) * 256 + int(data[4])
    if data[0] != 5 or 12 + 2 * n > size:
        return np.empty(0, np.int64)
    out = np.empty(n + 1, np.int64)
    for k in range(n):
        slot = 12 + 2 * k
        pos = int(data[slot]) * 256 + int(data[slot + 1])
        if pos + 4 > size:
            return np.empty(0, np.int64)
        out[k] = _big(data, pos, 4)
    out[n] = _big(data, 8, 4)
    return out

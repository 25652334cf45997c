"""The file format: whole frames or none, whatever is torn off or turned over."""

from __future__ import annotations

import pytest

from lydigital.edits import log
from lydigital.edits.disk import DISK

PAYLOADS = [(2, b"first"), (3, b""), (4, bytes(range(256)) * 3)]


@pytest.fixture
def content(tmp_path):
    made = log.Log.create(DISK, tmp_path / "a", PAYLOADS[:1])
    for payload in PAYLOADS[1:]:
        made.append([payload])
    made.close()
    return (tmp_path / "a").read_bytes()


def told(content: bytes) -> list[tuple[int, bytes]]:
    return [(f.kind, f.payload) for f in log.read(content).frames]


def test_what_was_appended_is_there(content):
    found = log.read(content)
    assert told(content) == PAYLOADS
    assert [f.sequence for f in found.frames] == [0, 1, 2]
    assert (found.size, found.torn, found.damaged) == (len(content), 0, False)


def test_torn_anywhere_it_ends_with_the_last_whole_frame(content):
    ends = [f.start for f in log.read(content).frames] + [len(content)]
    for cut in range(len(log.MAGIC), len(content) + 1):
        found = log.read(content[:cut])
        whole = max(i for i, end in enumerate(ends) if end <= cut)
        assert [(f.kind, f.payload) for f in found.frames] == PAYLOADS[:whole]
        assert not found.damaged
        assert found.size + found.torn == cut


def test_a_tail_of_zeros_is_torn(content):
    found = log.read(content + bytes(5000))
    assert (len(found.frames), found.torn, found.damaged) == (3, 5000, False)


def test_any_bit_turned_over_is_noticed(content):
    starts = [f.start for f in log.read(content).frames]
    for at in range(len(log.MAGIC), len(content)):
        bad = bytearray(content)
        bad[at] ^= 1 << (at % 8)
        found = log.read(bytes(bad))
        whole = max(i for i, start in enumerate(starts) if start <= at)
        assert [(f.kind, f.payload) for f in found.frames] == PAYLOADS[:whole]
        assert found.damaged == (whole < 2), "good frames follow"


@pytest.mark.parametrize("bad", [b"", b"LYD", b"hello, this is text", bytes(100)])
def test_something_else_is_no_log(bad):
    assert log.read(bad).frames == []


def test_a_frame_of_another_file_does_not_go_on(content):
    frames = log.read(content).frames
    again = content + content[frames[1].start : frames[2].start]
    assert len(log.read(again).frames) == 3

"""Readers and the writer of one program take turns at a file."""

from __future__ import annotations

import threading
import time

from lydigital.stores import gate


def test_a_file_has_one_gate_however_it_is_named(tmp_path):
    (tmp_path / "a").mkdir()
    assert gate.of(tmp_path / "f") is gate.of(tmp_path / "a" / ".." / "f")
    assert gate.of(tmp_path / "f") is not gate.of(tmp_path / "g")


def test_a_writer_waits_for_readers_and_keeps_new_ones_out():
    turns = gate.Gate()
    order: list[str] = []
    waits = threading.Event()

    def write():
        waits.set()
        with turns.writing():
            order.append("written")

    def read():
        with turns.reading():
            order.append("read")

    with turns.reading():
        writer = threading.Thread(target=write)
        writer.start()
        waits.wait(10)
        while not turns._waiting:  # it has said so; in a moment it stands at the gate
            time.sleep(0.001)
        late = threading.Thread(target=read)
        late.start()
        with turns.reading():  # within a read there may be another, whoever waits
            order.append("inner")
        order.append("outer")
    writer.join(10)
    late.join(10)
    assert order[:2] == ["inner", "outer"]
    assert sorted(order[2:]) == ["read", "written"]


def test_a_writer_may_read_and_leaves_the_gate_open():
    turns = gate.Gate()
    with turns.writing(), turns.writing(), turns.reading():
        pass
    with turns.reading():
        assert turns._readers == 1
    assert turns._readers == 0
    assert turns._writer is None

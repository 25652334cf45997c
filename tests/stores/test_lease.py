"""One person edits a file at a time, and the second one learns who it is."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from lydigital.stores.lease import STALE, Holder, Lease, LeaseHeldError


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "source" / "city.gpkg"
    path.parent.mkdir()
    path.write_bytes(b"x")
    return path


def put(file, **more):
    now = datetime.now(UTC)
    holder = Holder("li", "elsewhere", 1, "then", now, now, "t")
    holder = msgspec.structs.replace(holder, **more)
    Lease(file).file.write_bytes(msgspec.json.encode(holder))


def test_the_second_one_is_told_who_is_at_work(file):
    first, second = Lease(file), Lease(file)
    first.take("王")
    with pytest.raises(LeaseHeldError, match="王") as caught:
        second.take("李")
    assert caught.value.exit_code == 4
    assert not caught.value.holder.is_stale()
    first.release()
    second.take("李")
    assert second.holder().operator == "李"
    second.release()
    assert sorted(p.name for p in file.parent.iterdir()) == ["city.gpkg"]


def test_taking_it_again_renews_it(file):
    lease = Lease(file)
    lease.take("王")
    old = lease.holder()
    lease.file.write_bytes(msgspec.json.encode(msgspec.structs.replace(old, renewed=old.renewed - timedelta(hours=1))))
    lease.take("王")
    assert lease.holder().renewed >= old.renewed


def test_a_silent_lease_is_stale_and_goes_only_when_confirmed(file):
    put(file, renewed=datetime.now(UTC) - STALE * 2)
    lease = Lease(file)
    with pytest.raises(LeaseHeldError) as caught:
        lease.take("王")
    assert caught.value.holder.is_stale()
    assert "take the file over" in caught.value.hint_text()
    lease.take("王", take_over=True)
    assert lease.holder().operator == "王"


def test_a_process_that_was_killed_here_leaves_nothing_in_the_way(file):
    code = f"from pathlib import Path; from lydigital.stores.lease import Lease; Lease(Path({str(file)!r})).take('li'); import os; os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    lease = Lease(file)
    assert lease.holder().is_ended
    lease.check()
    lease.take("王")
    assert lease.holder().operator == "王"


def test_who_lost_the_lease_learns_it(file):
    first, second = Lease(file), Lease(file)
    first.take("王")
    second.take("李", take_over=True)
    with pytest.raises(LeaseHeldError, match="李"):
        first.take("王")
    first.release()
    assert second.holder().operator == "李"


def test_a_file_that_says_nothing_is_somebodys(file):
    Lease(file).file.write_bytes(b"garbage")
    with pytest.raises(LeaseHeldError):
        Lease(file).take("王")
    Lease(file).take("王", take_over=True)


def test_looking_writes_nothing(file):
    lease = Lease(file)
    assert lease.holder() is None
    lease.check()
    assert [p.name for p in file.parent.iterdir()] == ["city.gpkg"]

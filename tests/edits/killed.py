"""Run as a program: works on a real disk, and is gone without a word at one operation of the disk after the other.

``python -m tests.edits.killed FOLDER STEP`` tries every STEPth operation in a process of its own, ended by
``os._exit`` in the middle of it, and recovers in this one. Prints how many there were.
"""

from __future__ import annotations

import os
import pickle
import random
import sys
from pathlib import Path
from typing import Any

from lydigital import paths
from lydigital.edits.disk import DISK, RealDisk
from tests.edits.simulated import MUTATING, Files, desk, recovered, seen, work

SEED, STEPS = 4, 16
PROJECT = Path("/nowhere/map.lyd.toml")


def die_at(number: int) -> None:
    """Let operation ``number`` of the disk be the last of this process, half of it if it writes."""
    left = [number]

    def counted(name: str) -> Any:
        real = getattr(RealDisk, name)

        def run(*arguments: Any) -> Any:
            if left[0] == 0:
                if name == "write":
                    real(DISK, arguments[0], arguments[1][: len(arguments[1]) // 2])
                os._exit(7)
            left[0] -= 1
            return real(DISK, *arguments)

        return run

    for name in MUTATING:
        setattr(DISK, name, counted(name))


def work_and_tell(diary: int) -> None:
    """A day of work; after each thing, what is confirmed and in the files goes down the pipe ``diary``."""
    rng, files = random.Random(SEED), Files()
    session = desk(files, None)
    for _ in range(STEPS):
        work(rng, session, PROJECT, "dmgvxnurru")  # saving writes several files: what is between them is not this test's
        entry = pickle.dumps(seen(session))
        os.write(diary, len(entry).to_bytes(4, "little") + entry)
    os._exit(0)


def main(folder: Path, step: int) -> int:
    number = 0
    while True:
        state = folder / str(number)
        state.mkdir()
        paths.state_dir = lambda state=state: state  # type: ignore[misc]
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            die_at(number)
            work_and_tell(write)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            content = pipe.read()
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            return number // step
        states = []
        while content:
            size = int.from_bytes(content[:4], "little")
            states.append(pickle.loads(content[4 : 4 + size]))
            content = content[4 + size :]
        found = seen(recovered(Files(), PROJECT))
        if states and found != states[-1]:  # then it is the thing in hand, of which everything was on the disk
            rng, session = random.Random(SEED), desk(Files(), None)
            session._keeper.close(give_up=True)
            twin = type("Twin", (type(session),), {})(session.document, session.catalogue)
            for _ in range(len(states) + 1):
                work(rng, twin, PROJECT, "dmgvxnurru")
            assert found == seen(twin), number
        number += step


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), int(sys.argv[2])))

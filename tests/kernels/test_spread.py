from __future__ import annotations

import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

from lydigital.kernels import spread


def test_ranges_make_up_the_whole():
    for count in (0, 1, 19_999, 40_000, 100_001):
        seen = np.zeros(count, np.int64)

        def work(first, last, seen=seen):
            seen[first:last] += 1

        spread.over(count, work)
        assert (seen == 1).all()


def test_faults_come_back():
    def work(first, last):
        if first == 0:
            raise ValueError(first)

    with pytest.raises(ValueError):
        spread.over(200_000, work)
    with pytest.raises(ZeroDivisionError):
        list(spread.each(lambda x: 1 // x, [1, 0, 2]))


def test_results_in_order_and_an_early_end():
    assert list(spread.each(lambda x: x * x, range(50))) == [x * x for x in range(50)]
    started = []
    with closing(spread.each(started.append, range(1000))) as results:
        next(results)
    assert len(started) < 100


def test_work_while_the_program_ends():
    script = (
        "import threading, time\nfrom lydigital.kernels import spread\n"
        "def late():\n    time.sleep(0.3)\n    print(list(spread.each(str, [1, 2])))\n"
        "threading.Thread(target=late).start()\n"
        "spread.over(100_000, lambda a, b: None)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['1', '2']"
    assert not done.stderr

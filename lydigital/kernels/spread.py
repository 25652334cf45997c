"""Work spread over the cores: kernels release the interpreter's lock, so threads are enough."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

T = TypeVar("T")
R = TypeVar("R")

CORES = min(os.cpu_count() or 1, 8)
_LEAST = 20_000  # things below which a second thread is not worth its start
_pool = ThreadPoolExecutor(CORES, "spread")


def _begin(work: Callable[..., R], *args: object) -> Future[R]:
    """In another thread; in this one while the program ends, when no thread may be given work any more."""
    try:
        return _pool.submit(work, *args)
    except RuntimeError:
        done: Future[R] = Future()
        try:
            done.set_result(work(*args))
        except BaseException as error:  # noqa: BLE001 - as a thread would keep it
            done.set_exception(error)
        return done


def over(count: int, work: Callable[[int, int], object]) -> None:
    """Do ``work(first, last)`` for ranges that make up 0 to ``count``; the last one in this thread."""
    shares = max(min(CORES, count // _LEAST), 1)
    steps = [count * i // shares for i in range(shares + 1)]
    waiting = [_begin(work, steps[i], steps[i + 1]) for i in range(shares - 1)]
    try:
        work(steps[-2], steps[-1])
    finally:
        for future in waiting:
            future.result()


def each(work: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
    """Results of ``work`` in the order of ``items``, a few ahead of what is asked for; close it to stop."""
    running: deque[Future[R]] = deque()
    try:
        for item in items:
            running.append(_begin(work, item))
            if len(running) > 2 * CORES:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        for future in running:
            future.cancel()
        for future in running:
            if not future.cancelled():
                future.exception()

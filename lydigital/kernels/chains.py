"""Lines that meet end to end, walked and put together."""

from __future__ import annotations

import numpy as np

from lydigital.kernels.jit import F64, I64, f64s2, i64, i64s, kernel


@kernel(i64s, i64s, i64)
def walk(first: I64, last: I64, nodes: int) -> tuple[I64, I64]:
    """Join paths that meet end to end where nothing else ends.

    Parameters
    ----------
    first, last
        ``(m,) int64`` node numbers of the ends of each path.
    nodes
        How many nodes there are.

    Returns
    -------
    Paths in the order of their chains, ``p`` forwards or ``-p - 1`` backwards, ``(m,) int64``; offsets of the chains.
    """
    m = len(first)
    degree = np.zeros(nodes, np.int64)
    joined = np.full((nodes, 2), -1, np.int64)
    for p in range(m):
        for node in (first[p], last[p]):
            if degree[node] < 2:
                joined[node, degree[node]] = p
            degree[node] += 1
    done = np.zeros(m, np.bool_)
    order = np.empty(m, np.int64)
    offsets = np.zeros(m + 1, np.int64)
    n = chains = 0
    for only_ends in (True, False):  # chains first, then what is left: closed loops
        for p in range(m):
            if done[p]:
                continue
            ends_here = degree[first[p]] != 2 or first[p] == last[p]
            ends_there = degree[last[p]] != 2
            if only_ends and not ends_here and not ends_there:
                continue
            backwards = only_ends and not ends_here
            here = p
            while True:
                done[here] = True
                order[n] = -here - 1 if backwards else here
                n += 1
                node = first[here] if backwards else last[here]
                if degree[node] != 2:
                    break
                after = joined[node, 0] if joined[node, 1] == here else joined[node, 1]
                if done[after]:
                    break
                here = after
                backwards = last[here] == node
            chains += 1
            offsets[chains] = n
    return order, offsets[: chains + 1].copy()


@kernel(f64s2, i64s, i64s, i64s, i64s)
def assemble(coords: F64, starts: I64, ends: I64, order: I64, offsets: I64) -> tuple[F64, I64]:
    """Coordinates ``(n, 2)`` and offsets of the chains of :func:`walk` over paths ``coords[starts[p]:ends[p]]``."""
    total = 0
    for p in range(len(starts)):
        total += ends[p] - starts[p]
    xy = np.empty((total, 2))
    new = np.zeros(len(offsets), np.int64)
    n = 0
    for c in range(len(offsets) - 1):
        for k in range(offsets[c], offsets[c + 1]):
            p = order[k] if order[k] >= 0 else -order[k] - 1
            count = ends[p] - starts[p]
            for j in range(count):
                v = starts[p] + j if order[k] >= 0 else ends[p] - 1 - j
                if j == 0 and k > offsets[c]:
                    continue  # the joint is there already
                xy[n, 0] = coords[v, 0]
                xy[n, 1] = coords[v, 1]
                n += 1
        new[c + 1] = n
    return xy[:n].copy(), new

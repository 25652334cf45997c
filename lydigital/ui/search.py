"""Finding by words: substring first, then pinyin, then a typing-error-tolerant comparison. No Qt here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FUZZY_FROM = 80.0  # rapidfuzz score below which two words have nothing to do with each other
_ASCII = re.compile(r"^[\x00-\x7f]+$")


@dataclass(frozen=True, eq=False)
class Entry:
    """One line of the palette.

    Attributes
    ----------
    title, detail
        What it is, and what kind of thing or where.
    words
        Other names it is found by.
    shortcut
        As shown.
    disabled
        Why it cannot be done now; None when it can.
    rank
        Added to the score: what people want more often comes first among equals.
    """

    title: str
    run: Callable[[], object]
    detail: str = ""
    icon: str = "chevron-right"
    words: tuple[str, ...] = ()
    shortcut: str = ""
    disabled: str | None = None
    rank: float = 0.0
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        names = tuple(dict.fromkeys(w.casefold() for w in (self.title, *self.words) if w))
        object.__setattr__(self, "names", names)


@lru_cache(maxsize=50_000)
def pinyin(text: str) -> tuple[str, str]:
    """Chinese text as whole syllables and as initials: 龙门 → ``("longmen", "lm")``; other characters stay."""
    from pypinyin import lazy_pinyin

    syllables = lazy_pinyin(text)
    return "".join(syllables).casefold(), "".join(s[:1] for s in syllables).casefold()


def score(query: str, names: tuple[str, ...]) -> float:
    """How well ``query`` (casefolded, not empty) fits any of ``names``: 0 not at all, 100 the same."""
    best = max((_plain_score(query, name) for name in names), default=0.0)
    if best >= 60 or not _ASCII.match(query):
        return best
    typed = query.replace(" ", "")
    for name in names:
        if not _ASCII.match(name):
            whole, initials = pinyin(name)
            best = max(best, _plain_score(typed, whole) - 4, _plain_score(typed, initials) - 6)
    if best == 0.0 and len(query) >= 4:
        from rapidfuzz import fuzz

        found = max((fuzz.partial_ratio(query, name) for name in names if len(name) >= 3), default=0.0)
        best = found * 0.5 if found >= FUZZY_FROM else 0.0
    return best


def _plain_score(query: str, name: str) -> float:
    if query == name:
        return 100.0
    at = name.find(query)
    if at < 0:
        parts = query.split()
        return 55.0 if len(parts) > 1 and all(p in name for p in parts) else 0.0
    start = at == 0 or not name[at - 1].isalnum()
    return (85.0 if at == 0 else 75.0 if start else 65.0) + 10.0 * len(query) / len(name)


def best(query: str, entries: Iterable[Entry], limit: int = 40) -> list[Entry]:
    """Entries that fit, best first; without a query the highest ranked, in their own order."""
    wanted = query.strip().casefold()
    if not wanted:
        return sorted(entries, key=lambda e: -e.rank)[:limit]
    scored = [(score(wanted, e.names), e) for e in entries]
    fitting = [(s + e.rank, n, e) for n, (s, e) in enumerate(scored) if s > 0]
    fitting.sort(key=lambda t: (-t[0], t[1]))
    return [e for _, _, e in fitting[:limit]]

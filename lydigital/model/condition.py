"""Expressions over the fields of one feature, for rules of layer definitions: a small part of SQL, met in microseconds.

``kind <> 3 OR slope_deg > 10``, ``valid_to IS NULL OR valid_to > valid_from``, ``length(code) = 10``: names of fields
(in double quotes where needed), numbers, texts in single quotes, ``+ - * / % ||``, comparisons, ``AND OR NOT``, ``IN``,
``BETWEEN``, ``LIKE``, ``IS NULL``, and the functions in :data:`FUNCTIONS`. The value is what SQL gives: an empty field
makes it empty, and so do values that cannot be compared and division by zero.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from lydigital.errors import BadDataError

Values: TypeAlias = Mapping[str, Any]
_Part: TypeAlias = Callable[[Values], Any]

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|'(?P<text>(?:[^']|'')*)'|"(?P<quoted>(?:[^"]|"")+)"
    |(?P<word>[^\W\d]\w*)|(?P<sign><=|>=|<>|!=|\|\||[-+*/%=<>(),]))""",
    re.VERBOSE,
)
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "<>": operator.ne, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_RESERVED = {"AND", "OR", "NOT", "IN", "IS", "NULL", "BETWEEN", "LIKE", "TRUE", "FALSE"}


def _round(value: float, digits: int = 0) -> float:
    factor = 10.0 ** int(digits)
    return math.copysign(math.floor(abs(value) * factor + 0.5), value) / factor


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "length": len, "lower": str.lower, "upper": str.upper, "trim": str.strip, "abs": abs, "round": _round,
    "left": lambda text, n: text[: int(n)], "right": lambda text, n: text[-int(n) :] if n else "",
    "least": min, "greatest": max,
}  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """An expression ready to be asked; ``names`` are the fields it reads."""

    text: str
    names: frozenset[str]
    _part: _Part

    def __call__(self, values: Values) -> Any:
        """Its value, None where that is unknown."""
        return self._part(values)


@lru_cache(maxsize=1000)
def parse(text: str) -> Condition:
    """Read an expression.

    Raises
    ------
    BadDataError
        Naming the place where it cannot be understood.
    """
    reader = _Reader(text)
    part = reader.either()
    if reader.kind:
        raise reader.fault()
    return Condition(text, frozenset(reader.names), part)


class _Reader:
    """Recursive descent: every method reads one level of binding."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.names = text, 0, set[str]()
        self.kind, self.value, self.depth = "", "", 0
        self.next()

    def next(self) -> None:
        rest = self.text[self.at :]
        found = _TOKEN.match(rest)
        if found is None:
            if rest.strip():
                raise self.fault()
            self.kind = self.value = ""
            return
        self.kind, self.value = str(found.lastgroup), str(found[str(found.lastgroup)])
        if self.kind == "word" and self.value.upper() in _RESERVED:
            self.kind, self.value = "key", self.value.upper()
        self.at += found.end()

    def fault(self) -> BadDataError:
        return BadDataError(
            "The condition {condition} cannot be understood at {place}",
            hint="Name fields as in the definition, texts in single quotes, for example class = '国道'.",
            condition=self.text, place=(self.value or self.text[self.at :].strip() or "…")[:20],
        )  # fmt: skip

    def took(self, kind: str, *values: str) -> str:
        if self.kind == kind and (not values or self.value in values):
            value = self.value
            self.next()
            return value or " "
        return ""

    def need(self, kind: str, value: str) -> None:
        if not self.took(kind, value):
            raise self.fault()

    def either(self) -> _Part:
        parts = [self.both()]
        while self.took("key", "OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else lambda v: _logic((p(v) for p in parts), ends=True)

    def both(self) -> _Part:
        parts = [self.negated()]
        while self.took("key", "AND"):
            parts.append(self.negated())
        return parts[0] if len(parts) == 1 else lambda v: _logic((p(v) for p in parts), ends=False)

    def negated(self) -> _Part:
        if self.took("key", "NOT"):
            inner = self.negated()
            return lambda v: None if (found := inner(v)) is None else not found
        return self.compared()

    def compared(self) -> _Part:
        left = self.summed()
        if sign := self.took("sign", *_COMPARE):
            return _both(_COMPARE[sign], left, self.summed())
        if self.took("key", "IS"):
            wanted = not self.took("key", "NOT")
            self.need("key", "NULL")
            return lambda v: (left(v) is None) is wanted
        turned = bool(self.took("key", "NOT"))
        if self.took("key", "IN"):
            made = self.among(left)
        elif self.took("key", "BETWEEN"):
            low = self.summed()
            self.need("key", "AND")
            parts = (_both(operator.ge, left, low), _both(operator.le, left, self.summed()))
            made = lambda v: _logic((p(v) for p in parts), ends=False)  # noqa: E731
        elif self.took("key", "LIKE"):
            made = _both(_like, left, self.summed())
        elif turned:
            raise self.fault()
        else:
            return left
        return (lambda v: None if (found := made(v)) is None else not found) if turned else made

    def among(self, left: _Part) -> _Part:
        self.need("sign", "(")
        parts = [_both(operator.eq, left, self.summed())]
        while self.took("sign", ","):
            parts.append(_both(operator.eq, left, self.summed()))
        self.need("sign", ")")
        return lambda v: _logic((p(v) for p in parts), ends=True)

    def summed(self) -> _Part:
        part = self.product()
        while sign := self.took("sign", "+", "-", "||"):
            part = _both({"+": operator.add, "-": operator.sub, "||": _joined}[sign], part, self.product())
        return part

    def product(self) -> _Part:
        part = self.signed()
        while sign := self.took("sign", "*", "/", "%"):
            part = _both({"*": operator.mul, "/": operator.truediv, "%": math.fmod}[sign], part, self.signed())
        return part

    def signed(self) -> _Part:
        if self.took("sign", "-"):
            inner = self.signed()
            return lambda v: _asked(operator.neg, inner(v))
        self.depth += 1
        if self.depth > 2000:
            raise self.fault()
        return self.single()

    def single(self) -> _Part:
        kind, value = self.kind, self.value
        if kind == "sign" and value == "(":
            self.next()
            inner = self.either()
            self.need("sign", ")")
            return inner
        if kind == "key" and value in ("TRUE", "FALSE", "NULL"):
            self.next()
            constant = {"TRUE": True, "FALSE": False, "NULL": None}[value]
            return lambda _v: constant
        if kind == "number":
            self.next()
            number = float(value) if re.search(r"[.eE]", value) else int(value)
            return lambda _v: number
        if kind == "text":
            self.next()
            text = value.replace("''", "'")
            return lambda _v: text
        if kind not in ("word", "quoted"):
            raise self.fault()
        self.next()
        if kind == "word" and self.took("sign", "("):
            return self.called(value.casefold())
        name = value.replace('""', '"')
        self.names.add(name)
        return lambda v: v.get(name)

    def called(self, name: str) -> _Part:
        parts = [self.either()]
        while self.took("sign", ","):
            parts.append(self.either())
        self.need("sign", ")")
        if name == "coalesce":
            return lambda v: next((found for p in parts if (found := p(v)) is not None), None)
        work = FUNCTIONS.get(name)
        if work is None:
            raise self.fault()
        return lambda v: _asked(work, *(p(v) for p in parts))


def _logic(found: Any, *, ends: bool) -> bool | None:
    """``OR`` (``ends`` true) or ``AND`` of values, some unknown."""
    unknown = False
    for value in found:
        if value is None:
            unknown = True
        elif bool(value) is ends:
            return ends
    return None if unknown else not ends


def _both(work: Callable[[Any, Any], Any], left: _Part, right: _Part) -> _Part:
    return lambda v: _asked(work, left(v), right(v))


def _asked(work: Callable[..., Any], *values: Any) -> Any:
    """``work`` of values; None where one is missing, or they do not go together."""
    if any(value is None for value in values):
        return None
    kinds = {isinstance(value, str) for value in values}
    if len(kinds) > 1 and work in _COMPARE.values():
        return None  # a text is neither less nor more than a number
    try:
        found = work(*values)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return None if isinstance(found, float) and not math.isfinite(found) else found


def _joined(first: Any, second: Any) -> str:
    return f"{first}{second}"


def _like(text: str, wanted: str) -> bool:
    """As ``LIKE`` of SQL: ``%`` is any text, ``_`` one character."""
    shape = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in wanted)
    return re.fullmatch(shape, text, re.DOTALL) is not None

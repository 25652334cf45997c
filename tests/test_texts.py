"""Every text of the interface has its Chinese, and every Chinese text is used."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from lydigital import paths, texts

PACKAGE = Path(texts.__file__).parent
CALLS = {"tr", "Issue"}


def _literal(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _texts_in(path: Path) -> set[str]:
    """Texts given to tr(), to errors (message and hint) and to issues, wherever they stand as literals."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "tr" and node.args:
            candidates = [node.args[0]]
        elif name.endswith("Error") and any(k.arg == "hint" for k in node.keywords):
            candidates = [node.args[0], *(k.value for k in node.keywords if k.arg == "hint")]
        elif name == "Issue":
            candidates = [*node.args[2:4], *(k.value for k in node.keywords if k.arg in ("message", "hint"))]
        else:
            continue
        for candidate in candidates:
            branches = [candidate.body, candidate.orelse] if isinstance(candidate, ast.IfExp) else [candidate]
            found.update(text for b in branches if (text := _literal(b)))
    return found


def _all_texts() -> set[str]:
    return set().union(*(_texts_in(p) for p in PACKAGE.rglob("*.py")))


def _chinese() -> dict[str, str]:
    merged: dict[str, str] = {}
    for path in sorted((paths.translations_dir() / "zh").glob("*.json")):
        for english, chinese in json.loads(path.read_text(encoding="utf-8")).items():
            assert merged.get(english, chinese) == chinese, f"{path.name}: two translations of {english!r}"
            merged[english] = chinese
    return merged


def test_every_text_has_its_chinese():
    missing = sorted(_all_texts() - _chinese().keys())
    assert not missing, "\n".join(missing)


def test_no_chinese_is_left_over():
    source = "\n".join(p.read_text(encoding="utf-8") for p in PACKAGE.rglob("*.py"))
    joined = re.sub(r'"\s*\n\s*"', "", source)
    unused = [
        t
        for t in _chinese()
        if t not in joined and t not in joined.replace('\\"', '"') and t.replace("\n", "\\n") not in joined
    ]
    assert not unused, "\n".join(unused)


@pytest.mark.parametrize(("english", "chinese"), sorted(_chinese().items()))
def test_places_agree(english: str, chinese: str):
    places = re.compile(r"{(\w+)")
    assert set(places.findall(english)) == set(places.findall(chinese))


def test_language_switch():
    texts.use("zh", paths.translations_dir())
    assert texts.pick("道路", "Roads") == "道路"
    texts.use("en", paths.translations_dir())
    assert texts.pick("道路", "Roads") == "Roads"
    assert texts.pick("道路", "") == "道路"
    assert texts.tr("{n} features", n=3) == "3 features"

from __future__ import annotations

import pytest

pytest.importorskip("PySide6")


@pytest.fixture(scope="session")
def fonts(qapp):
    from lydigital.render.painter.fonts import QtFonts

    return QtFonts()

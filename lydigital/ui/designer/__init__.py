"""The designer: pages of a layout in millimetres, over the whole window, and back to the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lydigital.ui.designer.view import DesignerView
    from lydigital.ui.window import Window


def open_designer(window: Window, layout_id: str = "") -> DesignerView | None:
    """Show a layout of the map over the window, or the gallery of templates where none is named; None for a layout there is not.

    A paper frame is made a layout of its own first.
    """
    from lydigital.ui.designer.view import DesignerView

    close_designer(window)
    document = window.session.document
    layout = document.layout(layout_id)
    if layout is not None and layout.frame is not None:
        before = {found.id for found in document.layouts}
        window.do("frame.keep")
        layout = next((found for found in window.session.document.layouts if found.id not in before), None)
    if layout is None and layout_id:
        return None
    view = window.designer = DesignerView(window)
    view.show_layout(layout.id if layout is not None else "")
    return view


def close_designer(window: Window) -> None:
    """Back to the map."""
    if window.designer is not None:
        window.designer.close_view()

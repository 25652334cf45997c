"""What each kind of map asks for, and what it is begun with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from lydigital.model.style import (
    AREA,
    ChartSymbolizer,
    ClusterSymbolizer,
    DotSymbolizer,
    HeatSymbolizer,
    LineSymbolizer,
    PointSymbolizer,
    Scheme,
)
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.panels.styleparts import Choice, Form, RampChoice, SliderLine
from lydigital.ui.widgets import column

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.domain.thematic import Theme
    from lydigital.ui.panels.style import StylePanel

METHODS = (("quantile", "Quantiles"), ("equal", "Equal steps"), ("natural", "Natural breaks"),
           ("std", "Standard deviation"), ("pretty", "Round steps"), ("manual", "By hand"))  # fmt: skip
_MULTIPLES = (1.0, 100.0, 1000.0, 10000.0)


def begin(panel: StylePanel, theme: Theme) -> None:
    """Change to a kind of map with the fields that suit best."""
    layer = panel.layer
    number = best_number(panel)
    if theme in ("graduated", "proportional", "chart", "dots", "bivariate") and not number:
        panel.do("style.graduate", layer=layer, field="?")  # says that there are no numbers
        return
    if theme == "single":
        panel.do("style.single", layer=layer)
    elif theme == "categorized":
        panel.do("style.categorize", layer=layer, field=best_category(panel))
    elif theme == "graduated":
        panel.in_time(number, "", lambda: panel.do("style.graduate", layer=layer, field=number))
    elif theme == "proportional":
        panel.in_time(number, "", lambda: panel.do("style.proportional", layer=layer, field=number))
    elif theme in ("chart", "dots"):
        panel.do(f"style.{theme}", layer=layer, fields=(number,))
    elif theme in ("heat", "cluster"):
        panel.do(f"style.{theme}", layer=layer)
    else:
        names = [name for name, _ in panel.fields(numbers=True)]
        second = next((n for n in names if n not in (number, AREA)), number)
        panel.in_time(number, second, lambda: panel.do("style.bivariate", layer=layer, field=number, second=second))


def best_number(panel: StylePanel) -> str:
    """The field of the present style if it holds numbers, else one with a unit, else any; "" for none."""
    names = [name for name, _ in panel.fields(numbers=True)]
    if panel.style_now.field in names:
        return panel.style_now.field
    known = panel.session.definition(panel.layer)
    measured = [n for n in names if (f := known.field(n)) is not None and f.unit]
    own = [n for n in names if n != AREA and not n.endswith(("code", "id", "_no"))]
    return (measured or own or names or [""])[0]


def best_category(panel: StylePanel) -> str:
    names = [name for name, _ in panel.fields(numbers=False)]
    known = panel.session.definition(panel.layer)
    if panel.style_now.field in names and panel.style_now.kind == "categorized":
        return panel.style_now.field
    coded = [n for n in names if (f := known.field(n)) is not None and f.domain and n != "nature"]
    return (coded or [n for n in names if n != "name"] or names or [""])[0]


# --- graduated ----------------------------------------------------------------------------------------------------------


def _graduated_now(panel: StylePanel) -> dict[str, Any]:
    style = panel.style_now
    scheme = style.scheme or Scheme("manual", "teal")
    classes = [r for r in style.rules if not r.is_else]
    looks = [s for r in classes for s in r.symbolizers]
    sizes = {s.size_mm if isinstance(s, PointSymbolizer) else s.stroke.width_mm for s in looks
             if isinstance(s, (PointSymbolizer, LineSymbolizer))}  # fmt: skip
    return {
        "field": style.field, "divide_by": style.divide_by, "per": style.per, "method": scheme.method,
        "classes": max(1, len(classes)), "ramp": scheme.ramp or "teal", "reverse": scheme.reverse,
        "by": "size" if len(sizes) > 1 else "color",
    }  # fmt: skip


def _graduated(panel: StylePanel, form: Form) -> None:
    def change(**given: Any) -> None:
        wanted = _graduated_now(panel) | given
        if wanted["method"] == "manual":
            if "field" in given or "divide_by" in given or "per" in given or "classes" in given:
                wanted["method"] = "quantile"  # limits put by hand mean nothing to other numbers
            else:
                wanted["breaks"] = panel.histogram.limits
        work = lambda: panel.do("style.graduate", layer=panel.layer, **wanted)  # noqa: E731
        panel.in_time(wanted["field"], wanted["divide_by"], work)

    _field(panel, form, "Field", "field", now=_graduated_now, change=change)
    _divisor(panel, form, _graduated_now, change)
    method = Choice()
    method.offer([(m, tr(t)) for m, t in METHODS], "quantile")
    method.chosen.connect(lambda v: change(method=v))
    form.line("Method", method)
    count = SliderLine(2, 12, 1, "", 0)
    count.moved.connect(lambda v: change(classes=int(v)))
    form.line("Number", count)
    ramp = RampChoice(("sequential", "diverging"))
    ramp.chosen.connect(lambda r, turned: change(ramp=r, reverse=turned))
    form.line("Colours", ramp)
    by = Choice()
    by.offer([("color", tr("by colour")), ("size", tr("by size"))], "color")
    by.chosen.connect(lambda v: change(by=v))

    def update() -> None:
        now = _graduated_now(panel)
        method.show_value(now["method"])
        count.show_value(now["classes"])
        ramp.show_ramp(now["ramp"], reverse=now["reverse"])
        by.show_value(now["by"])

    table = panel.table()
    if table is not None and int(table.geometry.kind) != 3:
        form.line("Shown", by)
    panel.updaters.append(update)


def _field(
    panel: StylePanel, form: Form, title: str, key: str, *, now: Callable[[StylePanel], dict[str, Any]],
    change: Callable[..., None], none: str = "", numbers: bool = True,
) -> None:  # fmt: skip
    box = Choice()
    items = panel.fields(numbers=numbers)
    box.offer([("", tr(none)), *items] if none else items, "")
    box.chosen.connect(lambda v: change(**{key: v}))
    form.line(title, box)
    panel.updaters.append(lambda: box.show_value(now(panel)[key]))


def _divisor(
    panel: StylePanel, form: Form, now: Callable[[StylePanel], dict[str, Any]], change: Callable[..., None]
) -> None:
    _field(panel, form, "Divided by", "divide_by", now=now, change=change, none="nothing")
    per = Choice()
    per.offer([(m, f"× {m:,.0f}") for m in _MULTIPLES], 1.0)
    per.chosen.connect(lambda v: change(per=v))
    form.line("Times", per)

    def update() -> None:
        per.setEnabled(bool(now(panel)["divide_by"]))
        per.show_value(now(panel)["per"])

    panel.updaters.append(update)


# --- the others ---------------------------------------------------------------------------------------------------------


def _single(panel: StylePanel, form: Form) -> None:
    _turning(panel, form)


def _turning(panel: StylePanel, form: Form) -> None:
    """Marks turned by a field, where there are marks."""
    table = panel.table()
    if table is None or int(table.geometry.kind) != 1:
        return

    def now(panel: StylePanel) -> dict[str, Any]:
        marks = [s for r in panel.style_now.rules for s in r.symbolizers if isinstance(s, PointSymbolizer)]
        return {"rotation_field": next((m.rotation_field for m in marks), "")}

    _field(panel, form, "Turned by", "rotation_field", now=now,
           change=lambda **given: panel.do("style.adjust", layer=panel.layer, **given), none="None")  # fmt: skip


def _categorized(panel: StylePanel, form: Form) -> None:
    def now(panel: StylePanel) -> dict[str, Any]:
        style = panel.style_now
        return {"field": style.field, "ramp": style.scheme.ramp if style.scheme is not None else "clear"}

    def change(**given: Any) -> None:
        panel.do("style.categorize", layer=panel.layer, **(now(panel) | given))

    _field(panel, form, "Field", "field", now=now, change=change, numbers=False)
    ramp = RampChoice(("categories",))
    ramp.turn.hide()
    ramp.chosen.connect(lambda r, _turned: change(ramp=r))
    form.line("Colours", ramp)
    panel.updaters.append(lambda: ramp.show_ramp(now(panel)["ramp"], reverse=False))
    _turning(panel, form)


def _symbol(panel: StylePanel, kind: type) -> Any:
    return next((s for r in panel.style_now.rules for s in r.symbolizers if isinstance(s, kind)), None)


def _slider(panel: StylePanel, form: Form, title: str, kind: type, key: str, *, span: tuple[float, float, float],
            unit: str = " mm") -> None:  # fmt: skip
    line = SliderLine(*span, unit)
    line.moved.connect(lambda v: panel.do("style.adjust", layer=panel.layer, **{key: v}))
    form.line(title, line)

    def update() -> None:
        symbol = _symbol(panel, kind)
        if symbol is not None and isinstance(getattr(symbol, key), (int, float)):
            line.show_value(getattr(symbol, key))

    panel.updaters.append(update)


def _proportional(panel: StylePanel, form: Form) -> None:
    def now(panel: StylePanel) -> dict[str, Any]:
        mark = _symbol(panel, PointSymbolizer)
        scaled = mark.scaled
        return {"field": scaled.field, "divide_by": scaled.divide_by, "per": scaled.per, "size_mm": mark.size_mm,
                "shape": mark.shape, "color": mark.color, "flannery": scaled.exponent > 0.5}  # fmt: skip

    def change(**given: Any) -> None:
        wanted = now(panel) | given
        work = lambda: panel.do("style.proportional", layer=panel.layer, **wanted)  # noqa: E731
        panel.in_time(wanted["field"], wanted["divide_by"], work)

    _field(panel, form, "Field", "field", now=now, change=change)
    _divisor(panel, form, now, change)
    shape = Choice()
    shape.offer([("circle", tr("Circle")), ("square", tr("Square")), ("diamond", tr("Diamond")),
                 ("triangle", tr("Triangle")), ("hexagon", tr("Hexagon"))], "circle")  # fmt: skip
    shape.chosen.connect(lambda v: change(shape=v))
    form.line("Shape", shape)
    law = Choice()
    law.offer([(False, tr("area follows the value")), (True, tr("as the eye judges (Flannery)"))], False)
    law.chosen.connect(lambda v: change(flannery=v))
    form.line("Size by", law)
    panel.updaters.append(lambda: shape.show_value(now(panel)["shape"]))
    panel.updaters.append(lambda: law.show_value(now(panel)["flannery"]))
    _slider(panel, form, "Largest", PointSymbolizer, "size_mm", span=(3, 30, 0.5))


class _Several(QWidget):
    """Some of the fields, ticked."""

    def __init__(self, items: list[tuple[str, str]], change: Callable[[tuple[str, ...]], object]) -> None:
        super().__init__()
        box = column(self)
        self._buttons: dict[str, QToolButton] = {}
        for name, alias in items:
            button = QToolButton()
            button.setCheckable(True)
            button.setText(alias)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(16, 16))
            button.setObjectName("hit")
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setFixedHeight(26)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _on: change(self.ticked()))
            self._buttons[name] = button
            box.addWidget(button)
        self.tick(())

    def ticked(self) -> tuple[str, ...]:
        return tuple(name for name, button in self._buttons.items() if button.isChecked())

    def tick(self, names: tuple[str, ...]) -> None:
        for name, button in self._buttons.items():
            on = name in names
            button.setChecked(on)
            icon = "checkbox-marked" if on else "checkbox-blank-outline"
            button.setIcon(icons.icon(icon, "accent" if on else "ink_faint"))


def _several(panel: StylePanel, form: Form, kind: type, change: Callable[..., None]) -> None:
    def ticked(names: tuple[str, ...]) -> None:
        if names:
            change(fields=names)
        else:
            panel.refresh()  # the last one stays

    box = _Several(panel.fields(numbers=True), ticked)
    form.line("Fields", box)

    def update() -> None:
        symbol = _symbol(panel, kind)
        if symbol is not None:
            box.tick(tuple(s.field for s in symbol.shares))

    panel.updaters.append(update)


def _chart(panel: StylePanel, form: Form) -> None:
    def now() -> dict[str, Any]:
        s = _symbol(panel, ChartSymbolizer)
        return {"fields": tuple(p.field for p in s.shares), "shape": s.shape, "size_mm": s.size_mm,
                "sized": s.value > 0 or s.shape == "bar"}  # fmt: skip

    def change(**given: Any) -> None:
        panel.do("style.chart", layer=panel.layer, **(now() | given))

    _several(panel, form, ChartSymbolizer, change)
    shape = Choice()
    shape.offer([("pie", tr("Pie")), ("ring", tr("Ring")), ("bar", tr("Bars"))], "pie")
    shape.chosen.connect(lambda v: change(shape=v))
    form.line("Shape", shape)
    sized = Choice()
    sized.offer([(True, tr("by the sum")), (False, tr("all alike"))], True)
    sized.chosen.connect(lambda v: change(sized=v))
    form.line("Size by", sized)
    panel.updaters.append(lambda: shape.show_value(now()["shape"]))
    panel.updaters.append(lambda: sized.show_value(now()["sized"]))
    panel.updaters.append(lambda: sized.setEnabled(now()["shape"] != "bar"))
    _slider(panel, form, "Largest", ChartSymbolizer, "size_mm", span=(4, 30, 0.5))


def _dots(panel: StylePanel, form: Form) -> None:
    def change(**given: Any) -> None:
        symbol = _symbol(panel, DotSymbolizer)
        panel.do("style.dots", layer=panel.layer, size_mm=symbol.size_mm, **given)

    _several(panel, form, DotSymbolizer, change)
    value = Choice()
    value.chosen.connect(lambda v: panel.do("style.adjust", layer=panel.layer, value=v))
    form.line("One dot is", value)

    def update() -> None:
        symbol = _symbol(panel, DotSymbolizer)
        base = [symbol.value * f for f in (0.1, 0.2, 0.5, 1, 2, 5, 10)]
        value.offer([(v, f"{v:,.10g}") for v in base], symbol.value)
        value.setCurrentIndex(3)

    panel.updaters.append(update)
    _slider(panel, form, "Dot size", DotSymbolizer, "size_mm", span=(0.3, 2, 0.1))


def _heat(panel: StylePanel, form: Form) -> None:
    def now(panel: StylePanel) -> dict[str, Any]:
        s = _symbol(panel, HeatSymbolizer)
        scheme = panel.style_now.scheme or Scheme("manual", "ember")
        return {"field": s.weight_field, "radius_mm": s.radius_mm, "radius_m": s.radius_m, "ramp": scheme.ramp,
                "reverse": scheme.reverse}  # fmt: skip

    def change(**given: Any) -> None:
        panel.do("style.heat", layer=panel.layer, **(now(panel) | given))

    _field(panel, form, "Weight", "field", now=now, change=change, none="each point counts one")
    ramp = RampChoice(("sequential",))
    ramp.chosen.connect(lambda r, turned: change(ramp=r, reverse=turned))
    form.line("Colours", ramp)
    panel.updaters.append(lambda: ramp.show_ramp(now(panel)["ramp"], reverse=now(panel)["reverse"]))
    reach = Choice()
    reach.offer([(0.0, tr("on the screen")), *((float(m), f"{m:,} m") for m in (100, 200, 500, 1000, 2000, 5000))], 0.0)
    reach.chosen.connect(lambda v: panel.do("style.adjust", layer=panel.layer, radius_m=v))
    form.line("Radius", reach)
    panel.updaters.append(lambda: reach.show_value(now(panel)["radius_m"]))
    _slider(panel, form, "On screen", HeatSymbolizer, "radius_mm", span=(1, 20, 0.5))


def _cluster(panel: StylePanel, form: Form) -> None:
    _slider(panel, form, "Radius", ClusterSymbolizer, "radius_mm", span=(4, 30, 1))


def _bivariate(panel: StylePanel, form: Form) -> None:
    def now(panel: StylePanel) -> dict[str, Any]:
        style = panel.style_now
        scheme = style.scheme or Scheme(ramp="bivariate_teal_peony")
        count = round(len([r for r in style.rules if not r.is_else]) ** 0.5)
        return {"field": style.field, "second": style.second, "divide_by": style.divide_by, "per": style.per,
                "method": scheme.method, "ramp": scheme.ramp, "classes": min(max(count, 2), 4)}  # fmt: skip

    def change(**given: Any) -> None:
        wanted = now(panel) | given
        work = lambda: panel.do("style.bivariate", layer=panel.layer, **wanted)  # noqa: E731
        panel.in_time(wanted["field"], wanted["divide_by"], work)

    _field(panel, form, "Across", "field", now=now, change=change)
    _field(panel, form, "Divided by", "divide_by", now=now, change=change, none="nothing")
    _field(panel, form, "Upwards", "second", now=now, change=change)
    method = Choice()
    method.offer([(m, tr(t)) for m, t in METHODS if m != "manual"], "quantile")
    method.chosen.connect(lambda v: change(method=v))
    form.line("Method", method)
    count = Choice()
    count.offer([(n, f"{n} × {n}") for n in (2, 3, 4)], 3)
    count.chosen.connect(lambda v: change(classes=v))
    form.line("Number", count)
    ramp = RampChoice(("bivariate",))
    ramp.chosen.connect(lambda r, _turned: change(ramp=r))
    form.line("Colours", ramp)

    def update() -> None:
        method.show_value(now(panel)["method"])
        count.show_value(now(panel)["classes"])
        ramp.show_ramp(now(panel)["ramp"], reverse=False)

    panel.updaters.append(update)


FORMS: dict[str, Callable[[StylePanel, Form], None]] = {
    "single": _single,
    "categorized": _categorized,
    "graduated": _graduated,
    "proportional": _proportional,
    "chart": _chart,
    "dots": _dots,
    "heat": _heat,
    "cluster": _cluster,
    "bivariate": _bivariate,
}


def summary(panel: StylePanel) -> str:
    """What the map shows, in words: field, unit, numbers without value."""
    style = panel.style_now
    unit = style.scheme.unit if style.scheme is not None else ""
    if panel.theme == "graduated":
        found = panel.values
        words = panel.name_of(style.field)
        if style.divide_by:
            words = f"{words} ÷ {panel.name_of(style.divide_by)}"
        parts = [f"{words} ({unit})" if unit else words]
        if found is not None:
            parts.append(tr("{count} values", count=f"{found.known:,}"))
            parts.append(tr("mean {mean}", mean=f"{found.mean:,.4g}"))
            if found.missing:
                parts.append(tr("{count} without value", count=f"{found.missing:,}"))
        return " · ".join(parts)
    symbol = _symbol(panel, DotSymbolizer)
    if symbol is not None:
        names = "、".join(panel.name_of(s.field) for s in symbol.shares)
        return tr("1 dot = {value} {unit}: {names}", value=f"{symbol.value:,.10g}", unit=unit, names=names)
    mark = _symbol(panel, PointSymbolizer)
    if mark is not None and mark.scaled is not None:
        return tr("largest: {value} {unit}", value=f"{mark.scaled.value:,.6g}", unit=unit)
    if _symbol(panel, HeatSymbolizer) is not None:
        return tr("Relative to the densest place in the picture: colours change with the view.")
    return ""

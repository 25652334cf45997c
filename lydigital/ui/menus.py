"""The menu and the palette's own entries: everything the window itself can do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QActionGroup

from lydigital.commands import registry
from lydigital.texts import tr
from lydigital.ui import asking, homes, icons
from lydigital.ui.designer import open_designer
from lydigital.ui.search import Entry
from lydigital.ui.topbar import WORKSPACES

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenu

    from lydigital.ui.window import Window

_MENUS = (("file", "File"), ("edit", "Edit"), ("layer", "Layer"), ("view", "View"))
_LEFT_OUT = {"view.theme", "file.info", "view.to_scale", "view.go_to"}
LANGUAGES = (("zh", "中文"), ("en", "English"))
THEMES = (("light", "Light"), ("dark", "Dark"))


def fill(menu: QMenu, window: Window) -> None:
    """Make the menu anew: what is possible changes with the map."""
    menu.clear()
    for name, title in _MENUS:
        below = menu.addMenu(tr(title))
        below.setToolTipsVisible(True)
        for command in registry.commands().values():
            if command.menu != name or command.id in _LEFT_OUT:
                continue
            if command.needs_input and not window.can_ask(command.id):
                continue
            action = below.addAction(
                icons.icon(command.icon) if command.icon else icons.icon("circle-small"), command.name
            )
            if command.shortcut:
                action.setText(f"{command.name}\t{command.shortcut}")
            reason = command.disabled(window.session) if not window.can_ask(command.id) else None
            action.setEnabled(reason is None)
            action.setToolTip(reason or command.name)
            action.triggered.connect(lambda _=False, c=command.id: window.run(c))
        if name == "file":
            below.addSeparator()
            below.addAction(icons.icon("city-variant-outline"), tr("Open the sample city")).triggered.connect(
                lambda: window.ask("file.sample")
            )
            recent = below.addMenu(tr("Recent"))
            recent.setEnabled(bool(window.preferences.recent))
            for project in window.preferences.recent:
                recent.addAction(project).triggered.connect(
                    lambda _=False, p=project: asking.open_project(window, p)
                )
    menu.addSeparator()
    group = QActionGroup(menu)
    for name, title in THEMES:
        action = menu.addAction(tr(title))
        action.setCheckable(True)
        action.setChecked(window.preferences.theme == name)
        group.addAction(action)
        action.triggered.connect(lambda _=False, n=name: window.set_theme(n))
    menu.addSeparator()
    group = QActionGroup(menu)
    for name, title in LANGUAGES:
        action = menu.addAction(title)
        action.setCheckable(True)
        action.setChecked(window.preferences.language == name)
        group.addAction(action)
        action.triggered.connect(lambda _=False, n=name: window.set_language(n))
    menu.addSeparator()
    menu.addAction(icons.icon("console-line"), f"{tr('Search and commands')}\tCtrl+K").triggered.connect(
        lambda: window.open_palette("")
    )
    menu.addAction(icons.icon("exit-to-app"), f"{tr('Quit')}\tCtrl+Q").triggered.connect(window.close)


def own_entries(window: Window) -> list[Entry]:
    """What only the window can do, for the palette."""
    kind = ""
    dark = window.preferences.theme == "dark"
    entries = [
        Entry(tr("Light window") if dark else tr("Dark window"),
              lambda: window.set_theme("light" if dark else "dark"), kind, "theme-light-dark",
              ("theme", "主题", "深色", "浅色", "dark", "light"), rank=2.0),
        Entry(tr("Show or hide the layer panel"), window.toggle_side, kind, "dock-left", ("panel", "面板"), "F9"),
        Entry(tr("Show or hide the card at the right"), window.cards.toggle, kind, "dock-right",
              ("inspector", "详情"), "Ctrl+I"),
        Entry(tr("Open the sample city"), lambda: window.ask("file.sample"), kind, "city-variant-outline",
              ("sample", "示例")),
        Entry(tr("Page designer"), partial(open_designer, window), kind, "page-layout-body",
              ("designer", "layout", "page", "排版", "版面", "设计"), rank=1.5),
        Entry(tr("Quit"), window.close, kind, "exit-to-app", ("quit", "退出"), "Ctrl+Q"),
    ]  # fmt: skip
    for name, title in LANGUAGES:
        if name != window.preferences.language:
            entries.append(Entry(title, partial(window.set_language, name), tr("Language"), "translate",
                                 ("language", "语言"), rank=2.0))  # fmt: skip
    for number, (name, title, icon) in enumerate(WORKSPACES, 1):
        entries.append(Entry(tr(title), partial(window.set_workspace, name), tr("Workspace"), icon, (title,),
                             f"Ctrl+{number}", rank=1.5))  # fmt: skip
    entries.append(Entry(tr("Pipes and cables"), partial(window.set_workspace, "utility"), tr("Workspace"), "pipe",
                         ("管线", "追踪", "爆管", "断面", "净距", "pipe", "trace", "burst", "section"), rank=1.5))  # fmt: skip
    entries += [
        Entry(tr("Residents and communities"), partial(window.set_workspace, "roster"), tr("Workspace"), "account-group-outline",
              ("居民", "社区", "花名册", "困难家庭", "网格", "resident", "roster"), rank=1.5),
        Entry(tr("Farmland protection"), partial(window.set_workspace, "farmland"), tr("Workspace"), "barley",
              ("耕地", "基本农田", "红线", "farmland"), rank=1.5),
        Entry(tr("Data catalogue"), partial(window.set_workspace, "catalogue"), tr("Workspace"), "card-search-outline",
              ("元数据", "数据目录", "metadata", "iso 19115"), rank=1.5),
    ]  # fmt: skip
    entries += homes.indicator_entries(window)
    return entries + window.editing.entries() + window.past.entries() + window.holding.entries()

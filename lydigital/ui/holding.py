"""While somebody edits: the lease is renewed, backups are made by the hour; and who else edits is said."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from lydigital.commands import store
from lydigital.errors import LydError, RefusedError
from lydigital.stores import backup
from lydigital.stores.lease import RENEW, LeaseHeldError
from lydigital.texts import tr
from lydigital.ui.notices import InlineBar, Notice
from lydigital.ui.search import Entry

if TYPE_CHECKING:
    from lydigital.stores.lease import Holder
    from lydigital.ui.panels.backups import BackupsPage
    from lydigital.ui.window import Window


class Holding(QObject):
    """Made with the window. A lease is taken by the first edit or tool and given back when all is saved and editing over."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.window = window
        self.session = window.session
        self.other: Holder | None = None
        self._bar: InlineBar | None = None
        self._page: BackupsPage | None = None
        self._backing_up: set[str] = set()
        self._timer = QTimer(self, interval=int(RENEW.total_seconds() * 1000))
        self._timer.timeout.connect(self.look)
        self._timer.start()

    # the lease

    def begin(self, layer: str) -> bool:
        """Take the lease before a tool or a form is used; says who has it where that fails."""
        ref = self.session.ref(layer) if layer else None
        if ref is None:
            return False
        try:
            self.session.stores.hold(ref.source, self.session.history.author)
        except LydError as error:
            self.window.failed(error)
            return False
        self.other = None
        self.window.topbar.show_session(self.session, None)
        return True

    def check(self) -> None:
        """Say so when somebody else edits the store of the map; looks only."""
        self._see_others()
        if self.other is not None:
            self.explains(LeaseHeldError(Path(self.session.document.store), self.other))

    def look(self) -> None:
        """Once a minute: renew what is held, or give it back when nothing is left to do; see who else edits; back up."""
        stores = self.session.stores
        for source in stores.held:
            if self.session.features.is_saved and not self.window.editing.is_on:
                stores.release(source)
                continue
            try:
                stores.hold(source, self.session.history.author)
            except LydError as error:
                self.window.failed(error)
            else:
                self._back_up_if_due(source)
        self._see_others()

    def _see_others(self) -> None:
        source = self.session.document.store
        self.other = self.session.stores.held_by(source) if source else None
        self.window.topbar.show_session(self.session, self.other)

    def explains(self, error: BaseException) -> bool:
        """Say above the map who edits the file, and what can be done; whether ``error`` was about that."""
        if not isinstance(error, LeaseHeldError):
            return False
        self.other = error.holder
        self.window.topbar.show_session(self.session, self.other)
        answers: list[tuple[str, Any]] = [(tr("Look only"), self._look_only)]
        if error.holder.is_stale():
            answers.append((tr("Take over…"), partial(self._ask_take_over, error)))
        self._show(str(error) + ". " + error.hint_text(), answers)
        return True

    def _look_only(self) -> None:
        self._bar = None
        self.window.editing.stop()

    def _ask_take_over(self, error: LeaseHeldError) -> None:
        name = error.holder.operator or "?"
        question = tr("If {name} is still at work, one of you will have to merge. Take the file over?", name=name)
        self._show(question, [(tr("Look only"), self._look_only), (tr("Take over"), partial(self._take_over, Path(str(error.values["path"]))))])

    def _take_over(self, path: Path) -> None:
        self._bar = None
        try:
            for ref in self.session.document.layers:
                if Path(ref.source) == path:
                    self.session.stores.hold(ref.source, self.session.history.author, take_over=True)
                    break
        except LydError as error:
            self.window.failed(error)
            return
        self.other = None
        self.window.say(Notice("note", tr("You edit {name} now", name=path.name)))
        self.window.editing.retranslate()
        self.window.topbar.show_session(self.session, None)

    def _show(self, text: str, answers: list[tuple[str, Any]]) -> None:
        if self._bar is not None:
            self._bar.close_bar()
        self._bar = InlineBar(text, answers, "account-lock-outline")
        self.window.bars.addWidget(self._bar)

    # backups

    def _back_up_if_due(self, source: str) -> None:
        if source.lower().endswith(".gpkg") and backup.is_due(Path(source), self.session.backups):
            self.back_up(source, quiet=True)

    def back_up(self, source: str, *, quiet: bool = False) -> None:
        """Back a store up in a job."""
        if source in self._backing_up:
            return
        self._backing_up.add(source)
        root = self.session.backups

        def work(job) -> Any:
            try:
                return store.back_up(Path(source), root, watch=job.report)
            finally:
                self._backing_up.discard(source)

        def done(made: dict[str, Any]) -> None:
            if not quiet:
                self.window.say(Notice("note", tr("Backed up and checked: {path}", path=made["output"])))
            self._refresh_page()

        self.window.jobs.start(tr("Backing up"), work, done)

    def show_backups(self) -> None:
        """Open the list of backups."""
        if self._page is None:
            from lydigital.ui.panels.backups import BackupsPage

            self._page = BackupsPage(self.session)
            self._page.closed.connect(self.window.cards.close)
            self._page.resized.connect(self.window.map.place)
            self._page.made_asked.connect(self.back_up)
            self._page.check_asked.connect(self._check)
            self._page.restore_asked.connect(self._restore)
            self._page.folder_chosen.connect(self._set_folder)
        self._page.retranslate()
        self.window.map.card.show_page(self._page)
        self.window.map.place()

    def _check(self, path: Path) -> None:
        def done(_result: object) -> None:
            if self._page is not None:
                self._page.checked[path] = tr("in order")
            self._refresh_page()

        self.window.jobs.start(tr("Checking the backup"), lambda _job: backup.verify(path), done)

    def _restore(self, source: str, path: Path) -> None:
        if not self.session.features.is_saved:
            self.window.failed(RefusedError("There are unsaved edits of features", hint="Save or undo them before a backup is restored."))
            return
        stores, author = self.session.stores, self.session.history.author
        stores.release(source)

        def done(_result: object) -> None:
            self.session.reopen(source)
            self.window.say(Notice("note", tr("Restored; the file before is kept beside the backups")))
            self._refresh_page()

        self.window.jobs.start(
            tr("Restoring"), lambda _job: store.restore(Path(source), str(path), operator=author, root=self.session.backups), done
        )

    def _set_folder(self, folder: str) -> None:
        self.window._keep_preferences(backups=folder)
        self.session.backups = Path(folder) if folder else None
        self._refresh_page()

    def _refresh_page(self) -> None:
        if self._page is not None and self.window.map.card.page() is self._page:
            self._page.retranslate()

    def retranslate(self) -> None:
        self._refresh_page()

    def entries(self) -> list[Entry]:
        """For the palette."""
        return [Entry(tr("Backups"), self.show_backups, tr("History"), "content-save-cog-outline", ("backup", "备份"), rank=1.5)]

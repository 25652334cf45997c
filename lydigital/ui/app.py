"""The window's door: start the program, or take a picture of its window."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lydigital import paths, texts
from lydigital.errors import LydError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QApplication

    from lydigital.session import Session
    from lydigital.settings import Settings
    from lydigital.ui.frames import FrameImage
    from lydigital.ui.reading import Reader
    from lydigital.ui.window import Window

TRACE = "LYDIGITAL_TRACE_START"
WAIT_S = 600.0  # a screenshot waits this long for its frame: the first start compiles
SETTLE_S = 0.5
_SIZE_RANGE = (640, 8000)


def run(project: str, settings: Settings) -> int:
    """Open the window on ``project`` and stay until it is closed; returns the exit code.

    Raises
    ------
    LydError
        When the project cannot be opened.
    """
    began = time.perf_counter() - _age_s()
    loading = _in_thread(_load_kernels)
    app = application(settings.language, settings.theme)
    session = _open(project, settings)
    from lydigital.ui.reading import Reader

    reader = Reader(session)
    reading = _in_thread(lambda: _read_layers(session, reader))
    from lydigital.ui.window import Window

    window = Window(session, settings.remembering(project), reader=reader)
    if os.environ.get(TRACE):
        window.framed.connect(
            _when_whole(lambda: print(f"first frame {(time.perf_counter() - began) * 1000:.0f} ms", flush=True))
        )
    window.set_workspace(window.workspace)
    window.show()
    code = app.exec()
    loading.join()
    reading.join()
    window.deleteLater()
    return code


def screenshot(
    project: str, path: Path, *, workspace: str = "browse", size: tuple[int, int] = (1440, 900), lang: str = "zh",
    theme: str = "light",
) -> None:  # fmt: skip
    """Write a picture of the real window to ``path``, its map drawn in full.

    Raises
    ------
    LydError
        When the project cannot be opened, the frame does not come or the file cannot be written.
    """
    from lydigital.settings import Settings

    if (
        sys.platform.startswith("linux")
        and not os.environ.get("DISPLAY")
        and not os.environ.get("WAYLAND_DISPLAY")
    ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application(lang, theme)
    window = shown(_open(project, Settings()), workspace=workspace, size=size, lang=lang, theme=theme)
    try:
        picture = window.grab()
        if not picture.save(str(path)):
            raise StoreUnavailableError(
                "{path} cannot be written: {reason}", hint="Save it in a folder you may write to.", path=str(path),
                reason=texts.tr("the picture could not be encoded or the folder is missing"),
            )  # fmt: skip
    finally:
        window.close()
        window.deleteLater()


def shown(
    session: Session, *, workspace: str = "browse", size: tuple[int, int] = (1440, 900), lang: str = "zh",
    theme: str = "light",
) -> Window:  # fmt: skip
    """A window on ``session`` that leaves no traces, with its first true frame on it."""
    from PySide6.QtCore import QEventLoop, QTimer

    from lydigital.settings import Settings
    from lydigital.ui.window import Window

    width, height = (min(max(v, _SIZE_RANGE[0]), _SIZE_RANGE[1]) for v in size)
    chosen = Settings(language="en" if lang == "en" else "zh", theme="dark" if theme == "dark" else "light")
    window = Window(session, chosen, transient=True, smooth=False)
    window.resize(width, height)
    loop = QEventLoop()
    failures: list[BaseException] = []

    def failed(error: BaseException) -> None:
        failures.append(error)
        loop.quit()

    window.framed.connect(lambda _frame: loop.quit() if window.is_current() else None)
    window.worker.failed.connect(failed)
    limit = QTimer(singleShot=True)
    limit.timeout.connect(loop.quit)
    limit.start(int(WAIT_S * 1000))
    window.set_workspace(workspace)
    window.show()
    loop.exec()
    limit.stop()
    if failures or not window.is_current():
        window.close()
        if failures:
            raise failures[0]
        raise StoreUnavailableError(
            "The map was not drawn in time", hint="Try again; close other heavy programs."
        )
    settle = QTimer(singleShot=True)
    settle.timeout.connect(loop.quit)
    for _ in range(int(WAIT_S / SETTLE_S)):  # counts, scale and greyed rows follow the frame, and so does what a workspace works out
        was_idle = window.jobs.running is None and window.is_current()
        settle.start(int(SETTLE_S * 1000))
        loop.exec()
        if was_idle and window.jobs.running is None and window.is_current():  # what work ended in is laid out in a while of rest
            break
    return window


def application(language: str, theme_name: str) -> QApplication:
    """The one Qt application, in ``language`` and theme."""
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWidgets import QApplication

    texts.use(language, paths.translations_dir())
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
        app = QApplication([sys.argv[0] or "lydigital"])
    app.setApplicationName("lydigital")
    app.setDesktopFileName("lydigital")
    from lydigital.ui import theme

    theme.apply(app, theme_name)
    return app


def _open(project: str, settings: Settings) -> Session:
    from lydigital.session import open_session

    session: Session = open_session(project, author=settings.operator, autosave=True, office=settings.office)
    session.backups = Path(settings.backups) if settings.backups else None
    return session


def _in_thread(work: Callable[[], object]) -> threading.Thread:
    """Begin at once with what takes long, beside the building of the window."""

    def guarded() -> None:
        with contextlib.suppress(LydError):  # the frame worker meets the same and says it
            work()

    thread = threading.Thread(target=guarded, name="preload", daemon=True)
    thread.start()
    return thread


def _load_kernels() -> None:
    """Load what every frame needs while the window is built; the other kernels load at their first call."""
    from lydigital.kernels import jit

    if jit.is_ready():  # else the frame worker compiles them and shows how far it is
        from lydigital.kernels import fill, mark, stroke

        for kernel in (fill.fill, stroke.stroke, mark.mark, mark.text):
            cast("jit.Kernel", kernel).load()
    jit.compile_beside()  # the others, so that none has to be waited for later


def _read_layers(session: Session, reader: Reader) -> None:
    from lydigital.kernels import jit

    if jit.is_ready():
        reader.want(session.home().scale)


def _when_whole(action: Callable[[], object]) -> Callable[[FrameImage], None]:
    """Do ``action`` at the first frame that has all its layers."""
    done: list[bool] = []

    def slot(frame: FrameImage) -> None:
        if not done and frame.is_whole:
            done.append(True)
            action()

    return slot


def _age_s() -> float:
    """How long this process has been running: the interpreter's own start counts too."""
    try:
        with open("/proc/self/stat", encoding="ascii") as file:  # noqa: PTH123 - no file of ours
            ticks = int(file.read().rsplit(")", 1)[1].split()[19])
        with open("/proc/uptime", encoding="ascii") as file:  # noqa: PTH123
            return float(file.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return time.process_time()

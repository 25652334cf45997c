"""The pages of an atlas made, here or in processes of their own.

Each process opens the map itself: it is told once what to make of it (:class:`Errand`), then a feature at a time, by lines
of JSON on its standard streams. It ends when nobody talks to it any more. ``python -m`` this module is such a process.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from lydigital import texts
from lydigital.errors import LydError, StoreUnavailableError, UsageError
from lydigital.model.crs import Crs
from lydigital.model.document import MapDocument  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.gate import Audience  # noqa: TC001
from lydigital.model.layerdef import Catalogue  # noqa: TC001
from lydigital.model.layout import Layout  # noqa: TC001
from lydigital.model.office import Office  # noqa: TC001
from lydigital.model.viewport import Viewport
from lydigital.publish import atlas
from lydigital.publish.atlas import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lydigital.session import Session

Reply = dict[str, Any]  # {"page": …}, {"error": …, "hint": …, "stops": bool} or {"ended": code}
_END = None


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a process needs to make pages of the map as it stands in the window, saved or not.

    ``view`` is centre, units a pixel, size and resolution of the window; ``folder`` where files go.
    """

    document: MapDocument
    catalogue: Catalogue
    office: Office
    path: str
    author: str
    view: tuple[float, float, float, int, int, float]
    language: str
    layout: Layout
    by: str
    formats: tuple[str, ...]
    folder: str
    version: str
    dpi: int | None = None
    values: dict[str, str] = {}
    audience: Audience = "internal"


class Maker:
    """Makes one set of pages after the other from an open map."""

    def __init__(self, session: Session, errand: Errand) -> None:
        from lydigital.commands import gate, layout
        from lydigital.render.painter.fonts import QtFonts

        self._errand = errand
        self._definition = session.definition
        self._layout, self._material, self._verdict = gate.through(session, errand.layout, layout.material_of(session), errand.audience)
        self._fonts = QtFonts()

    def make(self, entry: Entry) -> Reply:
        """Write the files of an entry. Expected failures are part of the reply; ``stops`` where the next would fail, too."""
        try:
            return {"page": self._made(entry)}
        except LydError as error:
            stops = isinstance(error, (StoreUnavailableError, UsageError))
            return {"error": str(error), "hint": error.hint_text(), "stops": stops, "code": error.exit_code}
        except Exception as error:  # noqa: BLE001 - one page that cannot be made must not cost the others
            return {"error": f"{type(error).__name__}: {error}", "hint": "", "stops": False, "code": 1}

    def _made(self, entry: Entry) -> dict[str, Any]:
        from lydigital.commands import gate
        from lydigital.publish import press
        from lydigital.publish.arrange import arrange

        errand, driver = self._errand, None
        if entry.fid is not None:
            table = self._material.table(errand.by)  # as the gate lets it through
            driver = atlas.driver_of(errand.by, table, self._definition(errand.by), entry.fid, personal=self._material.personal)
        own = {} if "title" in errand.layout.values or driver is None else {"title": entry.title}
        told = {"atlas.number": entry.number, "atlas.count": entry.count, "version": errand.version}
        made = arrange(self._layout, self._material, driver=driver, values={**own, **told, **errand.values}, fonts=self._fonts)
        gate.finished(self._verdict, [made])
        files = []
        for kind in errand.formats:
            written = press.write(Path(errand.folder) / f"{entry.name}.{kind}", [made], dpi=errand.dpi)
            files += [{"name": path.name, "sha256": atlas.sha256(path), "bytes": path.stat().st_size} for path in written]
        return {
            "title": made.title, "scales": {m.item.id: m.scale for m in made.maps}, "files": files,
            "unplaced_labels": sum(len(m.picture.missing) for m in made.maps),
            "issues": [texts.tr(issue.message, **issue.values) for issue in made.issues if issue.severity != "note"],
        }  # fmt: skip


# --- several processes --------------------------------------------------------------------------------------------------


class Crew:
    """Processes that make pages side by side; each has a thread here that gives it the next one."""

    def __init__(self, errand: Errand, tasks: Iterable[Entry], jobs: int) -> None:
        self._errand = msgspec.msgpack.encode(errand)
        self._tasks: queue.SimpleQueue[Entry] = queue.SimpleQueue()
        for task in tasks:
            self._tasks.put(task)
        self._replies: queue.SimpleQueue[tuple[Entry, Reply] | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._threads = [threading.Thread(target=self._serve, name=f"atlas {n}", daemon=True) for n in range(jobs)]

    def replies(self, every_s: float = 0.5) -> Iterator[tuple[Entry, Reply] | None]:
        """What was made, in the order it was finished; None after ``every_s`` without news, so that a cancel is heard."""
        for thread in self._threads:
            thread.start()
        working = len(self._threads)
        while working:
            try:
                reply = self._replies.get(timeout=every_s)
            except queue.Empty:
                yield None
                continue
            if reply is _END:
                working -= 1
            else:
                yield reply

    def stop(self) -> None:
        """End all processes now; files they were writing are left out, not half there."""
        self._stopped.set()
        with self._lock:
            for process in self._processes:
                process.kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _serve(self) -> None:
        process: subprocess.Popen[bytes] | None = None
        try:
            while not self._stopped.is_set():
                try:
                    task = self._tasks.get_nowait()
                except queue.Empty:
                    break
                for _ in range(2):  # whoever was killed from outside gets a second chance
                    process = process or self._started()
                    reply = _asked(process, task)
                    if "ended" not in reply or self._stopped.is_set():
                        break
                    self._end(process)
                    process = None
                self._replies.put((task, reply))
        except OSError as error:
            self._replies.put((task, {"error": str(error), "hint": "", "stops": True, "code": 1}))
        finally:
            if process is not None:
                self._end(process)
            self._replies.put(_END)

    def _started(self) -> subprocess.Popen[bytes]:
        package = Path(__file__).resolve().parents[3]
        path = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH", ""))))
        environment = {**os.environ, "PYTHONPATH": path}
        if sys.platform.startswith("linux"):
            environment["QT_QPA_PLATFORM"] = "offscreen"
        process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        with self._lock:
            self._processes.add(process)
            if self._stopped.is_set():
                process.kill()
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.write(len(self._errand).to_bytes(8, "big") + self._errand)
            process.stdin.flush()
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with self._lock:
            self._processes.discard(process)


def _asked(process: subprocess.Popen[bytes], task: Entry) -> Reply:
    assert process.stdin is not None
    assert process.stdout is not None
    line = b""
    with suppress(OSError, ValueError):
        process.stdin.write(msgspec.json.encode(task) + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
    if not line.endswith(b"\n"):
        process.kill()
        return {"ended": process.wait()}
    found: Reply = json.loads(line)
    return found


def main() -> None:
    """A process of a crew."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing else may write among the replies
    given = sys.stdin.buffer
    errand = msgspec.msgpack.decode(given.read(int.from_bytes(given.read(8), "big")), type=Errand)
    from lydigital import paths
    from lydigital.session import Session

    texts.use(errand.language, paths.translations_dir())
    session = Session(errand.document, errand.catalogue, path=Path(errand.path) if errand.path else None, author=errand.author)
    session.office = errand.office
    x, y, unit, width, height, dpi = errand.view
    session.move(Viewport((x, y), unit, width, height, Crs(errand.document.crs), dpi))
    maker = Maker(session, errand)
    for line in given:
        out.write(msgspec.json.encode(maker.make(msgspec.json.decode(line, type=Entry))) + b"\n")
        out.flush()
    session.close()


if __name__ == "__main__":
    main()

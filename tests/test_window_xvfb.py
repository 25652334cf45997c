"""The real program in a real window under Xvfb, driven with keyboard and mouse through xdotool."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.conftest import need

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.xvfb, pytest.mark.slow]

GRAB = """
import sys
from PySide6.QtGui import QGuiApplication
app = QGuiApplication(sys.argv)
assert app.primaryScreen().grabWindow(0).save(sys.argv[1])
"""


@pytest.fixture(scope="module")
def display():
    """A virtual screen of 1440×900 on a free display number."""
    pytest.importorskip("PySide6")
    need(bool(shutil.which("Xvfb") and shutil.which("xdotool")), "Xvfb and xdotool are not installed")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1440x900x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


class Program:
    """The running program: what it says, what is on the screen, what the user does."""

    def __init__(self, display: str, folder: Path) -> None:
        self.folder = folder
        self.environment = dict(os.environ, DISPLAY=display, QT_QPA_PLATFORM="xcb", LYDIGITAL_TRACE_START="1")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lydigital", "sample"],
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.said: list[str] = []
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            self.said.append(line)
            self.lines.put(line)

    def wait_for(self, words: str, timeout_s: float = 240) -> None:
        until = time.monotonic() + timeout_s
        while words not in (line := self._next_line(until)):
            assert line is not None
        assert self.process.poll() is None

    def _next_line(self, until: float) -> str:
        try:
            return self.lines.get(timeout=max(0.1, until - time.monotonic()))
        except queue.Empty:
            raise AssertionError("the program said only:\n" + "".join(self.said)) from None

    def do(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def screen(self, name: str) -> np.ndarray:
        """The whole screen as ``(900, 1440, 3) uint8``, once it has come to rest."""
        last = None
        for _ in range(40):
            path = self.folder / f"{name}.png"
            subprocess.run([sys.executable, "-c", GRAB, str(path)], env=self.environment, check=True)
            picture = _read(path)
            if last is not None and np.array_equal(picture, last):
                return picture
            last = picture
            time.sleep(0.15)
        raise AssertionError("the screen never came to rest")

    def stop(self) -> str:
        if self.process.poll() is None:
            self.do("key", "ctrl+q")
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.listener.join()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return "".join(self.said)


def _read(path: Path) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _changed(a: np.ndarray, b: np.ndarray, box: tuple[int, int, int, int]) -> float:
    """Share of pixels that differ inside ``box`` = left, top, right, bottom."""
    left, top, right, bottom = box
    return float((a[top:bottom, left:right] != b[top:bottom, left:right]).any(axis=2).mean())


MAP = (460, 200, 980, 700)  # well inside the map at 1440×900
RIGHT = (1160, 80, 1430, 840)  # inside the inspector


@pytest.fixture
def program(display: str, tmp_path: Path):
    running = Program(display, tmp_path)
    running.wait_for("first frame")
    yield running
    running.stop()


def test_a_user_looks_at_the_city(program: Program):
    first = program.screen("first")
    assert len(np.unique(first[200:700, 460:980].reshape(-1, 3), axis=0)) > 200, "the map is empty"

    program.do("mousemove", "720", "450", "click", "4", "click", "4")
    zoomed = program.screen("zoomed")
    assert _changed(first, zoomed, MAP) > 0.3, "the wheel zooms"

    program.do(
        "mousemove",
        "720",
        "450",
        "mousedown",
        "1",
        "mousemove",
        "800",
        "500",
        "mousemove",
        "860",
        "540",
        "mouseup",
        "1",
    )
    panned = program.screen("panned")
    assert _changed(zoomed, panned, MAP) > 0.3, "dragging pans"
    moved = zoomed[250:600, 500:800]
    there = panned[340:690, 640:940]
    assert np.mean(np.abs(moved.astype(int) - there)) < 12, "the ground moves with the hand"

    program.do("mousemove", "720", "450", "click", "1")
    picked = program.screen("picked")
    assert _changed(panned, picked, RIGHT) > 0.01, "a click fills the inspector"

    program.do("key", "ctrl+k")
    palette = program.screen("palette")
    assert _changed(picked, palette, (360, 0, 1080, 600)) > 0.05, "Ctrl+K opens the palette"
    program.do("key", "Escape")

    said = program.stop()
    assert program.process.returncode == 0, said
    assert "Traceback" not in said, said

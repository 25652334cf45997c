"""Headless Chromium through its pipe of the DevTools protocol, with nothing but the standard library."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

NAME = next((n for n in ("chromium", "chromium-browser", "google-chrome") if shutil.which(n)), "")
_PATIENCE_S = 60.0


class Browser:
    """One page. ``requests`` are the addresses it asked for, ``errors`` what its console and its scripts complained of."""

    def __init__(self, folder: Path, width: int = 1280, height: int = 800, *, mobile: bool = False) -> None:
        to_child, self._out = os.pipe()
        self._in, from_child = os.pipe()

        def pipes() -> None:  # the protocol wants 3 and 4
            os.dup2(os.dup(to_child), 13), os.dup2(os.dup(from_child), 14)
            os.dup2(13, 3), os.dup2(14, 4)

        self._process = subprocess.Popen(
            [NAME, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run", "--disable-extensions",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=zh-CN", f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=pipes, close_fds=False,  # noqa: PLW1509
        )  # fmt: skip
        os.close(to_child)
        os.close(from_child)
        self._buffer, self._number, self._session = b"", 0, ""
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._loaded = False
        target = next(t for t in self._ask("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self._session = self._ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable")
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if mobile else 1, mobile=mobile)
        if mobile:
            self._ask("Emulation.setTouchEmulationEnabled", enabled=True)

    def open(self, path: Path) -> None:
        self._loaded = False
        self._ask("Page.navigate", url=path.as_uri())
        self._until(lambda: self._loaded)
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 300))))")

    def run(self, script: str) -> Any:
        """The value of an expression, awaited."""
        found = self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"])
        return found["result"].get("value")

    def click(self, x: float, y: float) -> None:
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="none" if kind == "mouseMoved" else "left", clickCount=1)
        self.run("new Promise(done => setTimeout(done, 350))")

    def click_on(self, selector: str) -> None:
        box = self.run(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}}); "
                       "const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()")  # fmt: skip
        self.click(*box)

    def type(self, text: str) -> None:
        self._ask("Input.insertText", text=text)

    def key(self, name: str, code: int) -> None:
        for kind in ("keyDown", "keyUp"):
            self._ask("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)
        self.run("new Promise(done => setTimeout(done, 350))")

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"]))

    def close(self) -> None:
        try:
            session, self._session = self._session, ""
            self._ask("Browser.close")
            self._session = session
        except (AssertionError, OSError):
            self._process.kill()
        self._process.wait(20)
        os.close(self._out)
        os.close(self._in)

    # the protocol

    def _ask(self, method: str, **given: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": given}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        answer: list[dict[str, Any]] = []
        self._until(lambda: bool(answer), lambda m: answer.append(m) if m.get("id") == number else None)
        assert "error" not in answer[0], answer[0]
        result: dict[str, Any] = answer[0]["result"]
        return result

    def _until(self, done: Any, also: Any = None) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not done():
            assert time.monotonic() < end, "the browser does not answer"
            if b"\0" not in self._buffer:
                if select.select([self._in], [], [], 1.0)[0]:
                    octets = os.read(self._in, 1 << 20)
                    assert octets, "the browser has gone"
                    self._buffer += octets
                continue
            raw, _, self._buffer = self._buffer.partition(b"\0")
            message = json.loads(raw)
            self._note(message)
            if also is not None:
                also(message)

    def _note(self, message: dict[str, Any]) -> None:
        method, given = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        elif method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(given["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and given["type"] in ("error", "warning", "assert"):
            self.errors.append(json.dumps(given["args"]))
        elif method == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
            self.errors.append(json.dumps(given["entry"]))

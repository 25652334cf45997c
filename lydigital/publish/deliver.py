"""Handing a package over: into a folder, by mail, by HTTP POST. Off unless switched on; every try is written down.

Nothing here decides what is public: the manifest of the package does, and a hook that is not marked internal takes
nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import smtplib
import ssl
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from lydigital.errors import LydError, RefusedError, StoreUnavailableError, UsageError
from lydigital.publish.package import MANIFEST, PERSONAL, opened
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lydigital.model.publishing import Hook

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_ATTACHED = ("bulletin.txt", "warning.docx", "portrait.png", "map.pdf", "cap.xml")
_TYPES = {"txt": "text/plain", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "png": "image/png",
          "pdf": "application/pdf", "xml": "application/cap+xml", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How it went with one hook after ``tries``."""

    hook: str
    kind: str
    result: Literal["delivered", "refused", "failed"]
    tries: int
    reason: str = ""


class _FinalError(Exception):
    """Trying again would not help."""


def deliver(
    folder: Path, hooks: Sequence[Hook], log: Path, *, only: str = "", pause: Callable[[float], None] = time.sleep, by: str = "",
) -> tuple[Outcome, ...]:
    """Hand the package in ``folder`` over to every hook that is switched on, or to the one called ``only``.

    Parameters
    ----------
    log
        File to which every try is appended, one JSON object a line.

    Raises
    ------
    UsageError
        When no hook is switched on, or none is called ``only``.
    BadDataError
        When the package is broken or was changed.
    StoreUnavailableError
        When the log cannot be written: what is not written down is not sent.
    """
    known = [h for h in hooks if not only or h.name == only]
    if only and not known:
        raise UsageError("There is no hook {name}", hint="Hooks stand in the settings under office.publishing.hooks.", name=only)
    chosen = [h for h in known if h.enabled]
    if not chosen:
        raise UsageError(
            "No hook is switched on", hint="Write enabled = true at a hook in the settings under office.publishing.hooks."
        )
    manifest = opened(folder)
    return tuple(_one(folder, manifest, hook, log, pause, by) for hook in chosen)


def _one(  # noqa: PLR0917 - all of one try
    folder: Path, manifest: dict[str, Any], hook: Hook, log: Path, pause: Callable[[float], None], by: str
) -> Outcome:
    about = {"issue": manifest["issue"], "version": manifest["version"], "digest": manifest["digest"], "hook": hook.name,
             "kind": hook.kind, "by": by}  # fmt: skip
    if not hook.internal and (not manifest["public"] or manifest["failed"] or manifest["disagreements"]):
        reason = tr("The package is not for the public") if not manifest["public"] else tr("The package is not complete")
        _write_down(log, {**about, "result": "refused", "try": 0, "reason": reason})
        return Outcome(hook.name, hook.kind, "refused", 0, reason)
    names = [f["name"] for f in manifest["files"] if hook.internal or f["name"] not in PERSONAL]
    send = {"folder": _folder, "mail": _mail, "post": _post}[hook.kind]
    reason, number = "", 0
    for number in range(1, max(1, hook.tries) + 1):
        _write_down(log, {**about, "result": "trying", "try": number})
        try:
            send(folder, manifest, hook, names)
        except (OSError, HTTPException, smtplib.SMTPException, LydError, ValueError, _FinalError) as error:
            reason = _said(error)
            _write_down(log, {**about, "result": "failed", "try": number, "reason": reason})
            if isinstance(error, (_FinalError, LydError, ValueError)):
                break
            if number < hook.tries:
                pause(hook.wait_s * 2 ** (number - 1))
            continue
        _write_down(log, {**about, "result": "delivered", "try": number, "files": names})
        return Outcome(hook.name, hook.kind, "delivered", number)
    return Outcome(hook.name, hook.kind, "failed", number, reason)


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return tr("Refused for {names}", names=", ".join(error.recipients))
    text = str(error) or type(error).__name__
    return " ".join(text.split())[:500]


def _write_down(log: Path, record: dict[str, Any]) -> None:
    line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), **record}, ensure_ascii=False) + "\n"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise StoreUnavailableError(
            "The log of deliveries cannot be written: {reason}", hint="Nothing is sent without a record; free space or correct its permissions.",
            reason=error.strerror or str(error),
        ) from error  # fmt: skip


# --- ways -----------------------------------------------------------------------------------------------------------


def _folder(folder: Path, _manifest: dict[str, Any], hook: Hook, names: Sequence[str]) -> None:
    target = Path(hook.folder)
    if not hook.folder or not target.is_dir():
        raise FileNotFoundError(tr("The folder {path} does not exist", path=hook.folder))
    final = target / folder.name
    if final.exists():
        if _same(folder, final, names):
            return  # it is there already
        raise _FinalError(tr("{path} is there already with other contents", path=str(final)))
    beside = Path(tempfile.mkdtemp(prefix=".warning-", suffix=".part", dir=target))
    try:
        for name in (*names, MANIFEST):
            shutil.copyfile(folder / name, beside / name)
        beside.chmod(0o755)
        beside.replace(final)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _same(one: Path, other: Path, names: Sequence[str]) -> bool:
    return all((other / n).is_file() and (one / n).read_bytes() == (other / n).read_bytes() for n in (*names, MANIFEST))


def _mail(folder: Path, manifest: dict[str, Any], hook: Hook, names: Sequence[str]) -> None:
    if not hook.recipients or not hook.sender or not hook.server:
        raise _FinalError(tr("Server, sender or recipients are missing"))
    password = _secret(hook.password_from)
    if password and hook.security == "none" and hook.server not in _LOOPBACK:
        raise _FinalError(tr("A password is not sent without encryption"))
    message = EmailMessage()
    stamps = "".join(f"【{s}】" for s in manifest["stamps"])
    message["Subject"] = f"{stamps}{manifest['headline']}"
    message["From"], message["To"] = hook.sender, ", ".join(hook.recipients)
    message["Message-ID"] = f"<{manifest['digest'][:32]}.{hook.name.encode().hex()[:32]}@lydigital>"
    text = folder / "bulletin.txt"
    message.set_content(text.read_text("utf-8-sig") if text.is_file() else manifest["headline"])
    for name in names:
        if name in _ATTACHED:
            main, sub = _TYPES[name.rpartition(".")[2]].split("/")
            message.add_attachment((folder / name).read_bytes(), maintype=main, subtype=sub, filename=name)
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if hook.security == "tls":
        server = smtplib.SMTP_SSL(hook.server, hook.port, timeout=hook.timeout_s, context=context)
    else:
        server = smtplib.SMTP(hook.server, hook.port, timeout=hook.timeout_s)
    with server:
        if hook.security == "starttls":
            server.starttls(context=context)
        if hook.user and password:
            server.login(hook.user, password)
        refused = server.send_message(message)
    if refused:
        raise _FinalError(tr("Refused for {names}", names=", ".join(refused)))


class _NoRedirect(HTTPRedirectHandler):
    """A warning goes where it was told to go and nowhere else."""

    def redirect_request(self, *_args: Any) -> None:
        return None


def _post(folder: Path, manifest: dict[str, Any], hook: Hook, names: Sequence[str]) -> None:
    where = urlsplit(hook.url)
    local = where.hostname in _LOOPBACK
    if not where.hostname or where.scheme not in ("http", "https") or (where.scheme == "http" and not local):
        raise _FinalError(tr("{url} is no address of https", url=hook.url))
    if "cap.xml" not in names:
        raise _FinalError(tr("The package has no CAP message"))
    headers = {"Content-Type": "application/cap+xml; charset=utf-8", "User-Agent": "lydigital",
               "Idempotency-Key": f"{manifest['issue']}-{manifest['version']}-{manifest['digest'][:16]}"}  # fmt: skip
    token = _secret(hook.token_from)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = Request(hook.url, data=(folder / "cap.xml").read_bytes(), headers=headers, method="POST")  # noqa: S310 - checked above
    opener = build_opener(_NoRedirect, *([ProxyHandler({})] if local else []))
    try:
        with opener.open(request, timeout=hook.timeout_s) as answer:
            answer.read(65536)
    except HTTPError as error:
        with error:
            if error.code in _AGAIN:
                raise OSError(f"HTTP {error.code} {error.reason}") from error
            raise _FinalError(f"HTTP {error.code} {error.reason}") from error


def _secret(name: str) -> str:
    """What the environment holds: passwords are never written into settings."""
    if not name:
        return ""
    found = os.environ.get(name, "")
    if not found:
        raise RefusedError(
            "The environment has no {name}", hint="Set it before you start the program; passwords do not stand in settings.",
            name=name,
        )  # fmt: skip
    return found

"""Who edits a file: one person at a time, named in a small file beside it.

The lease is a courtesy between people: it tells the second one who is at work before an hour of drawing ends in a
conflict. What keeps the data whole are SQLite's locks and the comparison with what each edit started from. Why beside
the file, see docs/adr/0004.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from lydigital.errors import RefusedError, StoreUnavailableError

SUFFIX = ".lydedit"
STALE = timedelta(minutes=15)  # not renewed for so long, a lease of another machine may be taken over when confirmed
RENEW = timedelta(minutes=1)
_TRIES = 5
_LINUX = sys.platform.startswith("linux")


class Holder(msgspec.Struct, frozen=True):
    """Who holds a lease. ``token`` is of one open store; ``began`` is when the process started, as far as it is known."""

    operator: str
    machine: str
    process: int
    began: str
    since: datetime
    renewed: datetime
    token: str

    @property
    def is_ended(self) -> bool:
        """Whether it was a process of this machine that runs no more."""
        return self.machine == machine() and _began(self.process) != self.began

    def is_stale(self, now: datetime | None = None) -> bool:
        """Whether nobody is likely to be at work: the process ended, or was silent for long."""
        silent = (now or datetime.now(UTC)) - self.renewed
        return self.is_ended or silent > STALE or silent < -STALE  # a clock far ahead says nothing


class LeaseHeldError(RefusedError):
    """Somebody else edits the file. ``holder`` says who; :meth:`Lease.take` with ``take_over`` ends that."""

    def __init__(self, path: Path, holder: Holder) -> None:
        ways = (
            "They seem to be gone: take the file over if you know that they are."
            if holder.is_stale()
            else "Wait until they close it, ask them to, or save a copy and work there."
        )
        super().__init__(
            "{path} is being edited by {operator} on {machine} since {time}", hint=ways, path=str(path),
            operator=holder.operator or "?", machine=holder.machine,
            time=holder.since.astimezone().strftime("%Y-%m-%d %H:%M"),
        )  # fmt: skip
        self.holder = holder


class Lease:
    """The lease of one file, held or not."""

    def __init__(self, path: Path) -> None:
        real = path.resolve()
        self.path = path
        self.file = real.with_name(real.name + SUFFIX)
        self._mine: Holder | None = None

    @property
    def is_held(self) -> bool:
        return self._mine is not None

    def holder(self) -> Holder | None:
        """Who holds it now, None for nobody; looking changes nothing."""
        try:
            return msgspec.json.decode(self.file.read_bytes(), type=Holder)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return self._unreadable()

    def check(self) -> None:
        """Raise :class:`LeaseHeldError` when it is somebody else's, unless their process has ended here."""
        holder = self.holder()
        if holder is not None and not self._is_mine(holder) and not holder.is_ended:
            raise LeaseHeldError(self.path, holder)

    def take(self, operator: str, *, take_over: bool = False) -> None:
        """Take or renew the lease.

        A process of this machine that has ended is followed without asking. ``take_over`` is the user's word that the
        holder is gone.

        Raises
        ------
        LeaseHeldError
            When somebody else holds it.
        StoreUnavailableError
            When the folder cannot be written.
        """
        now = datetime.now(UTC)
        for _ in range(_TRIES):
            holder = self.holder()
            if holder is None:
                self._mine = None
                if self._create(Holder(operator, machine(), os.getpid(), _began(os.getpid()), now, now, uuid.uuid4().hex)):
                    return
            elif self._is_mine(holder):
                if abs(now - holder.renewed) >= RENEW:
                    self._replace(msgspec.structs.replace(holder, renewed=now))
                return
            elif not (take_over or holder.is_ended):
                self._mine = None
                raise LeaseHeldError(self.path, holder)
            else:
                self._remove(holder)
        raise LeaseHeldError(self.path, self.holder() or self._unreadable())

    def release(self) -> None:
        """Give it back if it is held."""
        if self._mine is not None:
            holder = self.holder()
            if holder is not None and self._is_mine(holder):
                with contextlib.suppress(OSError):
                    self.file.unlink()
            self._mine = None

    def _is_mine(self, holder: Holder) -> bool:
        return self._mine is not None and holder.token == self._mine.token

    def _create(self, holder: Holder) -> bool:
        """Make the file unless somebody was quicker; the system decides who is first, over the network as well."""
        temporary = self.file.with_name(f"{self.file.name}.{holder.token}")
        try:
            self._write(temporary, holder)
            try:
                os.link(temporary, self.file)  # with its content, or not at all
            except FileExistsError:
                return False
            except OSError:  # no links on this file system
                return self._create_plainly(holder)
        except OSError as error:
            raise _no_folder(self.file.parent, error) from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        self._mine = holder
        return True

    def _create_plainly(self, holder: Holder) -> bool:
        try:
            handle = os.open(self.file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return False
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(holder))
        self._mine = holder
        return True

    def _replace(self, holder: Holder) -> None:
        temporary = self.file.with_name(f"{self.file.name}.{holder.token}")
        with contextlib.suppress(OSError):  # a lease that is not renewed is only older
            self._write(temporary, holder)
            temporary.replace(self.file)
            self._mine = holder

    def _remove(self, seen: Holder) -> None:
        """Take away the lease ``seen``, and no other that took its place meanwhile."""
        aside = self.file.with_name(f"{self.file.name}.{uuid.uuid4().hex}")
        try:
            self.file.rename(aside)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _no_folder(self.file.parent, error) from error
        try:
            taken = msgspec.json.decode(aside.read_bytes(), type=Holder)
            if taken.token != seen.token:
                with contextlib.suppress(OSError):
                    os.link(aside, self.file)
        except msgspec.MsgspecError:
            pass
        finally:
            with contextlib.suppress(OSError):
                aside.unlink()

    @staticmethod
    def _write(path: Path, holder: Holder) -> None:
        with path.open("wb") as file:
            file.write(msgspec.json.encode(holder))

    def _unreadable(self) -> Holder:
        """A file that is there and says nothing: somebody's, since it was written."""
        try:
            when = datetime.fromtimestamp(self.file.stat().st_mtime, UTC)
        except OSError:
            when = datetime.now(UTC)
        return Holder("", "?", 0, "", when, when, "")


def machine() -> str:
    """Name of this machine."""
    return socket.gethostname()


def is_on_network(path: Path) -> bool:
    """Whether a file lies on a network drive, as far as the system says."""
    if sys.platform == "win32":
        import ctypes

        drive = path.resolve().anchor
        return drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(drive) == 4  # DRIVE_REMOTE
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    kinds = {Path(m[1].replace("\\040", " ")): m[2] for m in map(str.split, mounts) if len(m) > 2}
    here = path.resolve()
    kind = next((kinds[p] for p in (here, *here.parents) if p in kinds), "")
    return kind in {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "davfs", "fuse.davfs2"}


def _began(process: int) -> str:
    """When a process of this machine started, in the system's own words; "" where it does not run or nobody knows."""
    if _LINUX:
        try:
            stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        except OSError:
            return ""
        fields = stat.rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else f"{boot}:{fields[19]}"  # dead ones nobody has asked after yet
    return "runs" if _runs(process) else ""


def _runs(process: int) -> bool:
    if sys.platform == "win32":
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, 0, process)  # QUERY_LIMITED_INFORMATION
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _no_folder(folder: Path, error: OSError) -> StoreUnavailableError:
    return StoreUnavailableError(
        "Nothing can be written in {path}: {reason}",
        hint="Ask for permission to write there, or save a copy in a folder of your own.",
        path=str(folder), reason=error.strerror or str(error),
    )  # fmt: skip

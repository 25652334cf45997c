"""All products of one warning in one folder, with a manifest, compared with each other before they are shown to anybody."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lydigital.domain.validity import BEIJING
from lydigital.errors import BadDataError, LydError, StoreUnavailableError
from lydigital.model.publishing import Publishing
from lydigital.publish import calllist, cap, warningmap, webwarning, word
from lydigital.publish.bulletin import is_publishable
from lydigital.publish.image import write as write_file
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lydigital.model.warning import WarningIssue
    from lydigital.publish.bulletin import Bulletin
    from lydigital.publish.calllist import Contact
    from lydigital.publish.warningmap import Ground
    from lydigital.publish.word import Annex

MANIFEST = "manifest.json"
PRODUCTS = (
    "bulletin.txt", "portrait.png", "landscape.png", "map.pdf", "warning.docx", "cap.xml", "warning.geojson", "warning.html",
    "calllist.xlsx",
)  # fmt: skip
PERSONAL = ("calllist.xlsx",)  # never handed over to the public


@dataclass(frozen=True)
class Material:
    """What products are made from besides the issue.

    Attributes
    ----------
    known
        Issued versions of the issues it replaces.
    is_masked
        Whether names and numbers of people are masked.
    """

    ground: Ground
    publishing: Publishing = field(default_factory=Publishing)
    known: tuple[WarningIssue, ...] = ()
    contacts: tuple[Contact, ...] = ()
    annexes: tuple[Annex, ...] = ()
    is_masked: bool = True
    is_internal: bool = False
    publishes_blue: bool = False


@dataclass(frozen=True)
class Package:
    """What was written.

    Attributes
    ----------
    failed
        Why a product is missing, by name.
    faults
        Where products do not say the same; empty when they do.
    """

    folder: Path
    files: dict[str, str]
    failed: dict[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    is_public: bool = False


def write_product(name: str, path: Path, bulletin: Bulletin, material: Material) -> None:
    """Write one of :data:`PRODUCTS`. Raises what its writer raises."""
    ground = material.ground
    if name == "bulletin.txt":
        write_file(path, b"\xef\xbb\xbf" + bulletin.text.replace("\n", "\r\n").encode())
    elif name in ("portrait.png", "landscape.png"):
        warningmap.write(path, bulletin, ground, "portrait" if name == "portrait.png" else "landscape")
    elif name == "map.pdf":
        warningmap.write(path, bulletin, ground, "a4")
    elif name == "warning.docx":
        word.write(path, bulletin, picture=_picture(bulletin, ground), annexes=material.annexes)
    elif name == "cap.xml":
        write_file(path, cap.message(bulletin, material.publishing, known=material.known, internal=material.is_internal))
    elif name == "warning.geojson":
        found = webwarning.geojson(bulletin, webwarning.shapes_of(ground.townships, bulletin))
        write_file(path, json.dumps(found, ensure_ascii=False, allow_nan=False, indent=1).encode())
    elif name == "warning.html":
        shapes = webwarning.shapes_of(ground.townships, bulletin)
        notice = "　".join(warningmap.notices(ground))
        write_file(path, webwarning.page(bulletin, shapes, _picture(bulletin, ground), notice=notice).encode())
    else:
        calllist.write(path, bulletin, material.contacts, is_masked=material.is_masked)


def _picture(bulletin: Bulletin, ground: Ground) -> bytes:
    with tempfile.TemporaryDirectory(prefix="lydigital-") as folder:
        path = Path(folder) / "map.png"
        warningmap.write(path, bulletin, ground, "map")
        return path.read_bytes()


def write(
    parent: Path, bulletin: Bulletin, material: Material, *, wanted: Sequence[str] = PRODUCTS,
    told: Callable[[str, float], None] = lambda _text, _share: None,
) -> Package:  # fmt: skip
    """Write the products into a folder of their own in ``parent``, which appears when all is done.

    A product that fails leaves the others; the manifest says so, and where products disagree.

    Raises
    ------
    StoreUnavailableError
        When ``parent`` cannot be written.
    BadDataError
        When no product could be made.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".warning-", suffix=".part", dir=parent))
    except OSError as error:
        raise _unwritable(parent, error) from error
    try:
        failed: dict[str, str] = {}
        for i, name in enumerate(wanted):
            told(tr("Making {name}", name=name), i / (len(wanted) + 1))
            try:
                write_product(name, beside / name, bulletin, material)
            except LydError as error:
                failed[name] = str(error)
            except Exception as error:  # noqa: BLE001 - one broken product must not keep a warning from being sent
                failed[name] = f"{type(error).__name__}: {error}"
            if name in failed:
                (beside / name).unlink(missing_ok=True)
        files = {name: _sha(beside / name) for name in wanted if name not in failed}
        if not files:
            raise BadDataError(
                "No product could be made: {reason}", hint="Correct the warning or the templates.", reason=next(iter(failed.values()), "")
            )
        told(tr("Comparing the products"), len(wanted) / (len(wanted) + 1))
        faults = tuple(disagreements(beside, bulletin))
        public = is_publishable(bulletin.issue, blue=material.publishes_blue) and not material.is_internal and not faults
        manifest = _manifest(bulletin, files, failed, faults, is_public=public)
        write_file(beside / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode())
        beside.chmod(0o755)
        folder = _free(parent, bulletin)
        beside.replace(folder)
    except OSError as error:
        raise _unwritable(parent, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Package(folder, files, failed, faults, public)


def _unwritable(path: Path, error: OSError) -> StoreUnavailableError:
    return StoreUnavailableError(
        "{path} cannot be written: {reason}", hint="Check folder, permission and free space, or choose another place.",
        path=str(path), reason=error.strerror or str(error),
    )  # fmt: skip


def _free(parent: Path, bulletin: Bulletin) -> Path:
    """A name that nothing has yet: what was written before stays."""
    issue = bulletin.issue
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in issue.id)[:60] or "warning"
    name = f"{safe}_v{issue.version}"
    number = 1
    while (parent / (name if number == 1 else f"{name}_{number}")).exists():
        number += 1
    return parent / (name if number == 1 else f"{name}_{number}")


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _manifest(
    bulletin: Bulletin, files: dict[str, str], failed: dict[str, str], faults: tuple[str, ...], *, is_public: bool
) -> dict[str, Any]:
    issue = bulletin.issue
    return {
        "issue": issue.id, "version": issue.version, "year": issue.year, "number": issue.number, "status": issue.status,
        "purpose": issue.purpose, "title": bulletin.title, "headline": bulletin.headline, "stamps": list(bulletin.stamps),
        "public": is_public, "valid_from": issue.valid_from.astimezone(BEIJING).isoformat(),
        "valid_to": issue.valid_to.astimezone(BEIJING).isoformat(), "digest": bulletin.digest,
        "files": [{"name": name, "sha256": sha} for name, sha in files.items()],
        "failed": [{"name": name, "reason": reason} for name, reason in failed.items()], "disagreements": list(faults),
    }  # fmt: skip


# --- checks ---------------------------------------------------------------------------------------------------------


def disagreements(folder: Path, bulletin: Bulletin) -> list[str]:
    """What products in ``folder`` say otherwise than the issue, read back from the files: townships, levels, validity."""
    issue, words = bulletin.issue, bulletin.wording
    levels = {t.code: int(t.level) for t in issue.townships}
    numerals = {words.levels[n].numeral: n for n in words.levels}
    times = issue.valid_from.replace(second=0, microsecond=0), issue.valid_to.replace(second=0, microsecond=0)
    found: list[str] = []

    def compare(name: str, read: Callable[[Path], tuple[dict[str, int], tuple[Any, Any]]]) -> None:
        if not (folder / name).is_file():
            return
        try:
            said, when = read(folder / name)
        except LydError as error:
            found.append(f"{name}: {error}")
            return
        other = sorted(c for c in {*said, *levels} if said.get(c) != levels.get(c))
        if other:
            found.append(tr("{name}: other levels for {codes}", name=name, codes=", ".join(other[:5])))
        if tuple(t.replace(second=0, microsecond=0) for t in when) != times:
            found.append(tr("{name}: another validity", name=name))

    def of_word(path: Path) -> tuple[dict[str, int], tuple[Any, Any]]:
        read = word.read(path)
        return {c: numerals.get(n, 0) for c, n in read.townships.items()}, (read.valid_from, read.valid_to)

    def of_cap(path: Path) -> tuple[dict[str, int], tuple[Any, Any]]:
        read = cap.read(path.read_bytes())
        return read.townships, (read.valid_from, read.valid_to)

    def of_geojson(path: Path) -> tuple[dict[str, int], tuple[Any, Any]]:
        read = webwarning.read(path.read_bytes())
        return read.townships, (read.valid_from, read.valid_to)

    def of_list(path: Path) -> tuple[dict[str, int], tuple[Any, Any]]:
        read = calllist.read(path)
        return read.townships, (read.valid_from, read.valid_to)

    for name, reader in (("warning.docx", of_word), ("cap.xml", of_cap), ("warning.geojson", of_geojson), ("calllist.xlsx", of_list)):
        compare(name, reader)
    return found


def opened(folder: Path) -> dict[str, Any]:
    """The manifest of a package whose files are as they were written.

    Raises
    ------
    BadDataError
        When it is no package, or a file was changed.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        wrong = [f["name"] for f in manifest["files"] if Path(f["name"]).name != f["name"] or _sha(folder / f["name"]) != f["sha256"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadDataError(
            "{path} is no package of a warning: {reason}", hint="Name a folder that lydigital hazard package wrote.",
            path=str(folder), reason=str(error),
        ) from error  # fmt: skip
    if wrong:
        raise BadDataError(
            "{name} was changed after it was made", hint="Make the package again: what is sent must be what was signed.",
            name=wrong[0],
        )  # fmt: skip
    return manifest

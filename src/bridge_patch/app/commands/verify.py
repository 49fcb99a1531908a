"""`verify`: whether anything in the journal was changed, dropped, moved or cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from bridge_patch.adapters.audit import Verification
from bridge_patch.adapters.chain import Fault
from bridge_patch.adapters.checkpoints import Verifier
from bridge_patch.adapters.journal_key import (
    PUBLIC_NAME,
    PublicKeys,
    public_keys_of,
    read_public_keys,
)
from bridge_patch.adapters.journal_schema import Database
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.verify import verify_journal
from bridge_patch.adapters.verify_server import verify_server
from bridge_patch.app.commands.journal_file import Place, find_journal
from bridge_patch.app.commands.options import VerifyOptions
from bridge_patch.app.progress import counted
from bridge_patch.app.screen import cell, console, print_json

_REMEDY = (
    "restore the journal and its .head file together from a backup, and keep the damaged"
    " ones: what stands before the first fault is still proved"
)


_Tell = Callable[[int, int], None]
_Check = Callable[[_Tell], Verification]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """The keys that signatures are checked with, and where they come from."""

    keys: PublicKeys | None
    origin: str
    named: bool = False


def verify(options: VerifyOptions) -> int:
    """Check all entries against chain, head and signatures; 0 if all is well, else 1."""
    source: Database | Path
    if options.dump is not None:
        look = _segment if options.dump.is_file() else _dump
        source, trusted, check = look(options.dump, options.public_key)
    else:
        place = find_journal(options.source)
        source, trusted = place.journal, _trusted(options, place)

        def check(tell: _Tell) -> Verification:
            return verified(place.journal, tell, trusted.keys)

    with counted("verifying") as tell:
        found = _as_strict(check(tell), options, trusted)
    if options.source.as_json:
        _print_object(str(source), found, trusted)
    else:
        _print_text(str(source), found, trusted)
    return 0 if found.ok else 1


def verified(
    journal: Database, progress: _Tell | None = None, keys: Verifier | None = None
) -> Verification:
    """Check every entry of a journal, wherever it is; signatures by the keys given."""
    if isinstance(journal, SqliteFile):
        return verify_journal(journal.path, progress, keys)
    return verify_server(journal, progress, keys)


def _as_strict(
    found: Verification, options: VerifyOptions, trusted: Trusted
) -> Verification:
    """Add what is a fault to somebody who asks for more than that nothing is wrong."""
    faults = list(found.faults)
    if trusted.named and found.before_signing > options.unsigned_until:
        what = f"{_before_signing(found)}: if you know that, say --unsigned-until"
        faults.append(Fault(1, f"{what} {found.before_signing}"))
    if options.all_signed and trusted.keys is None:
        faults.append(Fault(0, "--all-signed needs a public key: name it, --public-key"))
    elif options.all_signed and found.unsigned:
        faults.append(Fault(found.unsigned[0], _not_signed(*found.unsigned)))
    return replace(found, faults=tuple(faults))


def _not_signed(first: int, last: int) -> str:
    return f"entries {first}–{last} are chained, not signed"


def _before_signing(found: Verification) -> str:
    return f"entries 1–{found.before_signing} were written before signing began"


def _segment(path: Path, public_key: Path | None) -> tuple[Path, Trusted, _Check]:
    """Check one file of an archive; the keys beside its journal are one folder up."""
    from bridge_patch.adapters.segment_notes import (  # noqa: PLC0415 - slow to import
        read_notes,
        verify_segment,
    )

    notes, trusted = read_notes(path), _named(public_key)
    if trusted is None:
        trusted = _beside(path.absolute().parent.with_name(PUBLIC_NAME))
    keys = trusted.keys
    return path, trusted, lambda _: verify_segment(path, notes, keys)


def _dump(folder: Path, public_key: Path | None) -> tuple[Path, Trusted, _Check]:
    from bridge_patch.adapters.dump import read_manifest  # noqa: PLC0415 - slow to import
    from bridge_patch.adapters.dump_check import verify_dump  # noqa: PLC0415 - as above

    manifest = read_manifest(folder)
    trusted = _named(public_key)
    if trusted is None:
        told = manifest.public_keys.encode()
        keys = public_keys_of(told) if told else None
        trusted = Trusted(keys=keys, origin=f"{folder} itself")
    keys = trusted.keys
    return folder, trusted, lambda tell: verify_dump(folder, manifest, keys, tell)


def _trusted(options: VerifyOptions, place: Place) -> Trusted:
    """Return the keys that were named, else those that stand beside the journal."""
    if (named := _named(options.public_key)) is not None:
        return named
    return _beside(place.store.path.with_name(PUBLIC_NAME))


def _beside(path: Path) -> Trusted:
    keys = read_public_keys(path) if path.is_file() else None
    return Trusted(keys=keys, origin=str(path))


def _named(path: Path | None) -> Trusted | None:
    if path is None:
        return None
    return Trusted(keys=read_public_keys(path), origin=str(path), named=True)


def _print_text(journal: str, found: Verification, trusted: Trusted) -> None:
    screen = console()
    if found.ok:
        screen.print(cell(f"✅ {journal}: {found.entries} entries, every link holds"))
        screen.print(cell(f"head {found.head.seq} {found.head.link}"))
        if found.beyond_head:
            beyond = f"{found.beyond_head} entries are younger than the head file"
            screen.print(cell(f"{beyond}: normal while a run is at work, or after a crash"))
        for line in _signatures(found, trusted):
            screen.print(cell(line, most=400))
        return
    screen.print(
        cell(f"❌ {journal}: {len(found.faults)} fault(s) in {found.entries} entries")
    )
    for fault in found.faults:
        where = f"entry {fault.seq}" if fault.seq else "the journal"
        screen.print(cell(f"- {where}: {fault.what}", most=400))
    screen.print(cell(f"what to do: {_REMEDY}"))


def _signatures(found: Verification, trusted: Trusted) -> list[str]:
    if not found.checkpoints:
        return ["no checkpoints: nobody has signed it yet"]
    up_to = f"{found.checkpoints} checkpoints, the last of entry {found.signed_seq}"
    if not found.trusted:
        return [f"{up_to}: not checked, name the public key with --public-key"]
    lines = [f"{up_to}: signed by {', '.join(found.trusted)} ({trusted.origin})"]
    if found.unsigned:
        lines.append(
            f"{_not_signed(*found.unsigned)}: who can write there can have changed them"
        )
    if found.before_signing:
        lines.append(f"{_before_signing(found)}: the first signature says no more of them")
    if not trusted.named:
        lines.append(
            "that key was found beside what it proves: compare its id with one that you"
            " were told, or name your own copy with --public-key"
        )
    return lines


def _print_object(journal: str, found: Verification, trusted: Trusted) -> None:
    print_json(
        {
            "ok": found.ok,
            "journal": journal,
            "entries": found.entries,
            "head": {"seq": found.head.seq, "link": found.head.link},
            "beyond_head": found.beyond_head,
            "checkpoints": {
                "count": found.checkpoints,
                "signed_seq": found.signed_seq,
                "not_signed": list(found.unsigned) if found.unsigned else None,
                "before_signing": found.before_signing,
                "keys": list(found.trusted),
                "keys_from": trusted.origin,
                "keys_named": trusted.named,
            },
            "faults": [{"entry": fault.seq, "what": fault.what} for fault in found.faults],
        }
    )

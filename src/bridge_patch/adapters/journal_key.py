"""The key that signs a journal's checkpoints: a file of its own, never in the database.

The file holds Ed25519 keys in PEM, as `openssl genpkey -algorithm ed25519` writes them; the
first signs, and others are earlier ones, there while a key is being changed. Beside the
journal's head stands the file for auditors, with every public key that ever signed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Final, final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError

#: The file for auditors, in the state folder.
PUBLIC_NAME: Final = "journal.pub"
_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", re.DOTALL)
_OTHERS: Final = 0o077


@final
class JournalKey:
    """What signs; `id` is the signing key's, `ids` are those of the earlier ones too."""

    def __init__(self, keys: Iterable[Ed25519PrivateKey]) -> None:
        self._keys = tuple(keys)
        self.public = PublicKeys(key.public_key() for key in self._keys)
        self.id = key_id(self._keys[0].public_key())

    @property
    def ids(self) -> Collection[str]:
        """Whose checkpoints this key may follow."""
        return self.public.ids

    def sign(self, statement: bytes) -> str:
        """Return the signature in hexadecimal."""
        return self._keys[0].sign(statement).hex()


@final
class PublicKeys:
    """Keys that somebody trusts, by their ids."""

    def __init__(self, keys: Iterable[Ed25519PublicKey]) -> None:
        self._keys = {key_id(key): key for key in keys}

    @property
    def ids(self) -> Collection[str]:
        """Which keys these are."""
        return self._keys.keys()

    def fits(self, key_id: str, statement: bytes, signature: str) -> bool:
        """Tell whether that key signed exactly this."""
        try:
            self._keys[key_id].verify(bytes.fromhex(signature), statement)
        except (InvalidSignature, ValueError, KeyError):
            return False
        return True

    def text(self) -> str:
        """Return the keys in PEM, in the order in which they were given."""
        form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return b"".join(key.public_bytes(*form) for key in self._keys.values()).decode()

    def with_those_of(self, other: PublicKeys) -> PublicKeys:
        """Return these keys and the other's."""
        return PublicKeys((*self._keys.values(), *other._keys.values()))


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name a key goes by: a digest of its public half."""
    return blake2b(key.public_bytes_raw(), digest_size=8, person=b"bridge-key").hexdigest()


def read_key(path: Path) -> JournalKey | None:
    """Return the key in a file; None where there is no such file."""
    try:
        mode, data = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _broken(path, f"{error.strerror}: let this user read it") from error
    if mode & _OTHERS:
        why = f"others may read the journal's key (mode {mode & 0o777:o}): chmod 600 it,"
        raise _broken(path, f"{why} and change the key if somebody may have read it")
    try:
        keys = [load_pem_private_key(block, None) for block in _blocks(data)]
    except (ValueError, TypeError, UnsupportedAlgorithm):
        keys = []
    found = [key for key in keys if isinstance(key, Ed25519PrivateKey)]
    if not found or len(found) < len(keys):
        why = (
            "expected Ed25519 keys in PEM without a password: bring the journal's key back"
        )
        raise _broken(path, f"{why} from a backup")
    return JournalKey(found)


def make_key(path: Path) -> JournalKey:
    """Make a key where there is none; a file that is there is never replaced."""
    key = Ed25519PrivateKey.generate()
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = _written(path, data, 0o600)
        try:
            os.link(part, path)
        finally:
            part.unlink()
    except OSError as error:
        why = f"the journal's key cannot be made: {error.strerror}"
        raise _broken(path, f"{why}: make its folder writable, or name another file") from (
            error
        )
    return JournalKey([key])


def tell_auditors(told: Path, key: JournalKey) -> None:
    """Add the public halves of `key` to the file that is for auditors."""
    try:
        known = read_public_keys(told) if told.exists() else PublicKeys(())
        if set(key.ids) <= set(known.ids):
            return
        text = known.with_those_of(key.public).text()
        _written(told, text.encode(), 0o644).replace(told)
    except (OSError, InvalidValueError) as error:
        raise _broken(told, f"the public keys cannot be kept there: {error}") from error


def read_public_keys(path: Path) -> PublicKeys:
    """Return the public keys in a file, or raise InvalidValueError."""
    try:
        return public_keys_of(path.read_bytes())
    except OSError as error:
        found = f"found none: {error.strerror}"
    except InvalidValueError as error:
        found = str(error)
    msg = f"{path}: expected Ed25519 public keys in PEM, {found}: name the journal's .pub"
    raise InvalidValueError(msg)


def public_keys_of(data: bytes) -> PublicKeys:
    """Return the public keys in a text, or raise InvalidValueError."""
    try:
        keys = [load_pem_public_key(block) for block in _blocks(data)]
    except (ValueError, UnsupportedAlgorithm):
        keys = []
    found = [key for key in keys if isinstance(key, Ed25519PublicKey)]
    if not found or len(found) < len(keys):
        msg = "found something else"
        raise InvalidValueError(msg)
    return PublicKeys(found)


def _blocks(data: bytes) -> list[bytes]:
    return [match[0] for match in _BLOCK.finditer(data)]


def _written(path: Path, data: bytes, mode: int) -> Path:
    """Return a file beside `path` that holds `data`, whole and on the disk."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    how = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(part, how, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return part


def _broken(path: Path, why: str) -> BrokenPromiseError:
    return BrokenPromiseError(f"{path}: {why}")

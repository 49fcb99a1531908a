"""Who is asking, and whether the request is theirs and of now.

A request is taken iff `timestamp < server time + 1000` and `server time − timestamp ≤
recvWindow` (default 5000 ms). The signature is HMAC-SHA256 over the raw query and body,
joined without a separator and without the signature itself.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.app.binance_server.errors import Refusal
from bridge_patch.app.binance_server.wire import Params, Request
from bridge_patch.domain.secret import Secret

AHEAD_MAX_MS: Final = 1_000
WINDOW_DEFAULT_MS: Final = 5_000
WINDOW_MAX_MS: Final = 60_000
_UNAUTHORISED: Final = 401


@final
@dataclass(frozen=True, slots=True)
class Credentials:
    """The one account's key and secret; neither is ever printed."""

    api_key: str
    secret: str

    @classmethod
    def of(cls, key: Secret, secret: Secret) -> Credentials:
        """Return what two settings say."""
        return cls(key.reveal(), secret.reveal())

    def __repr__(self) -> str:
        return "Credentials(***)"


def check_key(request: Request, credentials: Credentials, *, revoked: bool) -> None:
    """Refuse a request that does not carry the account's key."""
    if not request.api_key:
        raise Refusal(-2014, status=_UNAUTHORISED)
    known = hmac.compare_digest(request.api_key.encode(), credentials.api_key.encode())
    if revoked or not known:
        raise Refusal(-2015, status=_UNAUTHORISED)


def check_signature(request: Request, params: Params, credentials: Credentials) -> None:
    """Refuse a request whose signature is not that of its raw text."""
    given, parts = "", []
    for text in (request.query, request.body):
        kept = []
        for pair in text.split("&") if text else ():
            name, _, value = pair.partition("=")
            if name == "signature":
                given = value
            else:
                kept.append(pair)
        parts.append("&".join(kept))
    if not given:
        params.require("signature")
    expected = signature_of("".join(parts), credentials.secret)
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refusal(-1022)


def signature_of(text: str, secret: str) -> str:
    """Return the signature of a request's text.

    >>> signature_of("timestamp=1", "s")[:8]
    '3f03a0db'
    """
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def check_time(params: Params, server_ms: int) -> None:
    """Refuse a request that is too old, or from the future."""
    timestamp_ms = params.the_whole("timestamp")
    window_ms = params.whole("recvWindow")
    if window_ms is None:
        window_ms = WINDOW_DEFAULT_MS
    if not 0 < window_ms <= WINDOW_MAX_MS:
        raise Refusal(-1131, "recvWindow must be less than 60000")
    if timestamp_ms >= server_ms + AHEAD_MAX_MS:
        words = "Timestamp for this request was 1000ms ahead of the server's time."
        raise Refusal(-1021, words)
    if server_ms - timestamp_ms > window_ms:
        raise Refusal(-1021)

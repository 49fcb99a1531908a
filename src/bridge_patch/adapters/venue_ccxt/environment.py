"""Where a venue lives: each environment's own addresses, and nothing reaches any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, final
from urllib.parse import urlsplit

from bridge_patch.domain.errors import InvalidValueError

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
SIMULATOR: Final = "simulator"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One environment: `rest` and `stream` are origins, without a path.

    `real_money` is true where an order costs what it says. `rights` is the origin that
    tells what a key may do; only `inspected` gives it, so that nothing else reaches it.
    """

    name: str
    rest: str
    stream: str
    real_money: bool
    rights: str = ""


#: Sources: the exchange's general-info pages, May 2026. The pages disagree about the demo's
#: stream; this is the one of the futures pages. The simulator's address is its own.
ENVIRONMENTS: Final[Mapping[str, Environment]] = MappingProxyType(
    {
        "binance": Environment(
            name="binance",
            rest="https://fapi.binance.com",
            stream="wss://fstream.binance.com",
            real_money=True,
        ),
        "binance-demo": Environment(
            name="binance-demo",
            rest="https://demo-fapi.binance.com",
            stream="wss://fstream.binancefuture.com",
            real_money=False,
        ),
    }
)

#: The parts of the client library's address table that this venue uses, and their paths.
PATHS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "fapiPublic": "/fapi/v1",
        "fapiPublicV2": "/fapi/v2",
        "fapiPublicV3": "/fapi/v3",
        "fapiPrivate": "/fapi/v1",
        "fapiPrivateV2": "/fapi/v2",
        "fapiPrivateV3": "/fapi/v3",
    }
)
#: The same, where what a key may do is told.
RIGHTS_PATHS: Final[Mapping[str, str]] = MappingProxyType({"sapi": "/sapi/v1"})
#: Who tells it: the wallet's host, which the demo has none of. A simulator tells its own.
RIGHTS: Final[Mapping[str, str]] = MappingProxyType({"binance": "https://api.binance.com"})
#: What every other address becomes: a name that can belong to nobody (RFC 2606).
NOWHERE: Final = "https://unused.invalid"


def environment_of(venue: str, simulator_url: str = "") -> Environment:
    """Return the environment that `VENUE` names; only a simulator has an address to give.

    >>> environment_of("binance-demo").rest
    'https://demo-fapi.binance.com'
    >>> environment_of("simulator", "http://127.0.0.1:8080").stream
    'ws://127.0.0.1:8080'
    """
    if venue == SIMULATOR:
        return _simulator(simulator_url)
    if simulator_url:
        msg = f"{venue} has its own address, and was given {simulator_url!r}"
        raise InvalidValueError(msg)
    if venue not in ENVIRONMENTS:
        known = ", ".join([SIMULATOR, *ENVIRONMENTS])
        msg = f"the venue must be one of {known}, was {venue!r}"
        raise InvalidValueError(msg)
    return ENVIRONMENTS[venue]


def inspected(environment: Environment) -> Environment:
    """Return the environment with the address that tells a key's rights, if it has one."""
    own = environment.rest if environment.name == SIMULATOR else ""
    return replace(environment, rights=RIGHTS.get(environment.name, own))


def addresses(environment: Environment, keys: Mapping[str, object]) -> dict[str, str]:
    """Return an address for every key the client library has: ours, or nobody's."""
    ours = {key: f"{environment.rest}{path}" for key, path in PATHS.items()}
    if environment.rights:
        ours |= {key: f"{environment.rights}{p}" for key, p in RIGHTS_PATHS.items()}
    return {key: ours.get(key, f"{NOWHERE}/{key}") for key in {*ours, *keys}}


def _simulator(url: str) -> Environment:
    parts = urlsplit(url)
    at_home = parts.scheme == "http" and parts.hostname in _LOOPBACK and parts.port
    if not at_home or parts.path not in ("", "/") or parts.query or parts.username:
        msg = f"the simulator is at http://127.0.0.1:PORT, was {url!r}"
        raise InvalidValueError(msg)
    return Environment(
        name=SIMULATOR,
        rest=f"http://{parts.netloc}",
        stream=f"ws://{parts.netloc}",
        real_money=False,
    )

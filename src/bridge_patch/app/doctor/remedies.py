"""What to do about everything that a reading can meet: one table.

Its keys are the exchange's codes, HTTP statuses, and names of our own for what no code
tells. What stands here nowhere has the remedy of the adapter's table of codes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.codes import CODES
from bridge_patch.adapters.venue_ccxt.outcome import LOCAL_LIMIT, NOT_SENT, Refused
from bridge_patch.domain.intent import Unknown

#: Causes that carry no code: nothing came back, or nothing that can be read.
NO_REPLY: Final = "NO_REPLY"
UNREADABLE: Final = "UNREADABLE"
_CODED: Final = re.compile(r"(?:a success that says )?(-\d+|HTTP \d+)(?=:)")


@final
@dataclass(frozen=True, slots=True)
class Advice:
    """Causes that ask for the same, what they mean, and what a person does about it."""

    causes: tuple[str, ...]
    meaning: str
    remedy: str


_HALTED_CODES: Final = ("-1122", "-4140", "-4141", "-4144", "-5024")
_REDUCE_CODES: Final = ("-4087", "-4088", "-4105", "-4106", "-4107", "-4189")

ADVICE: Final[tuple[Advice, ...]] = (
    Advice(
        ("-2014",),
        "the key has not the form of a key",
        "copy VENUE_API_KEY again, whole and without blanks",
    ),
    Advice(
        ("-2015", "-2017", "-1002", "-1011", "-1099", "-4056", "-4057"),
        "the key is revoked, of another environment, not allowed from this address, or may"
        " only read",
        "look at the key where VENUE's keys are made (a demo key works at binance-demo"
        " alone): it must exist, allow futures, and list this machine's address",
    ),
    Advice(
        ("-1022",),
        "the signature is wrong",
        "copy VENUE_API_SECRET again: it is not the one of this key",
    ),
    Advice(
        ("READ_ONLY",),
        "the key, or the account, may not trade futures",
        "allow futures for this key at the exchange, or make another",
    ),
    Advice(
        ("WITHDRAW",),
        "the key may withdraw",
        "switch withdrawals off for this key at the exchange, now: a program that trades"
        " never needs them",
    ),
    Advice(
        ("BROAD",),
        "the key may do more than it is used for",
        "switch off at the exchange all but reading and futures, and bind the key to this"
        " machine's address",
    ),
    Advice(
        ("-1021", "-5028", "CLOCK"),
        "our clock is not the exchange's",
        "set the machine's clock: `timedatectl set-ntp true`, or `chronyc makestep`",
    ),
    Advice(
        ("DATA_TIME",),
        "the simulator's time is that of its data",
        "nothing for a run, which paces it; `bridge-patch exchange --today` serves today",
    ),
    Advice(
        ("-1003", "-1015", "HTTP 429", "HTTP 418", LOCAL_LIMIT),
        "too many requests from this address, or of this account",
        "wait until the ban is over, and stop whatever else asks from this address",
    ),
    Advice(
        ("HTTP 403", "HTTP 451"),
        "the exchange's firewall refuses this address",
        "wait five minutes; if it lasts, the address or its region is blocked: ask the"
        " exchange",
    ),
    Advice(
        ("0", "-1001", "-1008", "-1016", "HTTP 500", "HTTP 503"),
        "maintenance, or overload",
        "wait, and see the exchange's notices; entries stay shut by themselves meanwhile",
    ),
    Advice(
        ("-1000", "-1006", "-1007", "HTTP 408", "HTTP 502", "HTTP 504", NO_REPLY),
        "no answer, or none that says anything",
        "say doctor again; if it lasts, look at the network between, then at the"
        " exchange's notices",
    ),
    Advice(
        (NOT_SENT,),
        "no connection",
        "see that the address can be reached (DNS, firewall); for VENUE=simulator start"
        " `bridge-patch exchange`, and let SIMULATOR_URL name its port",
    ),
    Advice(
        (UNREADABLE, "HTTP 404", "HTTP 405", "-5000"),
        "an answer that this program does not know",
        "see that SIMULATOR_URL names an exchange of this version; of a real exchange,"
        " report it: its shapes have changed",
    ),
    Advice(
        ("SLOW",),
        "answers take long",
        "move nearer to the exchange, or look at the network: an order that takes longer"
        " than the receive window is refused",
    ),
    Advice(
        ("HEDGE", "-4060", "-4061", "-4062"),
        "the account is in hedge mode",
        "close all positions and orders, then set One-way Mode by hand",
    ),
    Advice(
        ("MULTI_ASSETS", "-4167", "-4168", "-4169", "-4170", "-4172"),
        "several assets are one margin",
        "close all positions and orders, then set Single-Asset Mode by hand",
    ),
    Advice(
        ("CROSS",),
        "a symbol is in cross margin",
        "set Isolated for these symbols by hand; each must have no position and no order",
    ),
    Advice(
        ("HALTED", *_HALTED_CODES),
        "a symbol does not trade",
        "take it off SYMBOLS until the exchange opens it",
    ),
    Advice(
        ("UNLISTED", "-1121"),
        "a symbol is not listed there, or not known here",
        "take it off SYMBOLS, or correct it",
    ),
    Advice(
        ("FILTERS",),
        "the exchange asks more of an order than our table",
        "take the symbol off SYMBOLS, and report it: its row in the table of instruments"
        " is out of date",
    ),
    Advice(
        ("BRACKET", "-4028", "-4202", "-4206", "-4209", "-4403"),
        "the account may use less leverage than is asked for",
        "lower AI_MAX_LEVERAGE to what is shown, or ask the exchange what holds it down",
    ),
    Advice(
        ("MARGIN_RATE",),
        "positions are liquidated earlier than our table says",
        "take the symbol off SYMBOLS, and report it: its tiers in the table of instruments"
        " are out of date",
    ),
    Advice(
        ("YOUNG", "-4203", "-4205", "-4208"),
        "an account younger than 60 days has 20x at most, and nothing shows that this one"
        " may have more",
        "write AI_MAX_LEVERAGE=20; or set a symbol above 20x by hand, which the exchange"
        " only takes of an older account",
    ),
    Advice(
        ("LOCKED", "-4400", "-4401", *_REDUCE_CODES),
        "only reductions are allowed",
        "wait for the time that is shown, and see the account's trading status there",
    ),
    Advice(
        ("-4109", "-4402"),
        "the account is inactive, or its region restricted",
        "ask the exchange",
    ),
    Advice(
        ("-2023", "-4192"),
        "liquidation is under way, or the cooling-off period",
        "look at the account; entries wait",
    ),
    Advice(
        ("SILENT",),
        "the user stream does not tell what happens",
        "say doctor again; if it lasts, look whether a proxy cuts websockets off",
    ),
    Advice(
        ("NO_STREAM", "-1125"),
        "no stream can be had",
        "see that websockets to the stream's host pass the firewall and the proxy",
    ),
    Advice(
        ("UNPROVED",),
        "nothing happened that the stream could have told",
        "listen longer while something trades: doctor --listen 60",
    ),
    Advice(
        ("FOREIGN",),
        "orders or positions that are not ours",
        "they are counted and never touched: close them by hand, or keep away from these"
        " symbols with SYMBOLS",
    ),
    Advice(
        ("DIFFERENCE",),
        "the exchange and the journal do not agree on what is open",
        "see `status` and `decisions`, and close by hand what no intent explains",
    ),
    Advice(
        ("READABLE",),
        "others on this machine can read the keys",
        "chmod 600 the env file, and let the service's user own it",
    ),
    Advice(
        ("REAL_MONEY",),
        "orders cost what they say",
        "nothing to do: only shadow runs there yet",
    ),
    Advice(
        ("STATE",),
        "the state folder cannot be written",
        "make STATE_DIR a folder that this user may write",
    ),
    Advice(
        ("ROOM",),
        "the disk is nearly full",
        "make room below STATE_DIR: with less than the reserve nothing is entered",
    ),
    Advice(
        ("BUS",),
        "the bus cannot be reached",
        "start the server of BUS_URL, or correct the address and its user",
    ),
    Advice(
        ("JOURNAL",),
        "the journal cannot be read, or does not end as its head says",
        "say `bridge-patch verify`, and see docs/journal.md before anything is started",
    ),
)

_BY_CAUSE: Final = MappingProxyType({c: advice for advice in ADVICE for c in advice.causes})
_ELSE: Final = "see the exchange's notices, then report it: this program does not know it"


def remedy_of(cause: str) -> str:
    """Return what to do about a cause; there is always something.

    >>> remedy_of("-1022")
    'copy VENUE_API_SECRET again: it is not the one of this key'
    """
    advice = _BY_CAUSE.get(cause)
    if advice is not None:
        return advice.remedy
    numbered = cause.removeprefix("-").isdecimal()
    row = CODES.get(int(cause)) if numbered else None
    return (row.remedy if row else "") or _ELSE


def cause_of(outcome: Refused | Unknown) -> str:
    """Return the key under which the table knows what came back.

    >>> cause_of(Unknown("HTTP 502: bad gateway")), cause_of(Unknown("no reply: Timeout"))
    ('HTTP 502', 'NO_REPLY')
    """
    if isinstance(outcome, Refused):
        return outcome.code
    if coded := _CODED.match(outcome.why):
        return coded[1]
    return NO_REPLY if outcome.why.startswith("no reply") else UNREADABLE

"""How the exchange and the account are disposed: what a test can set, and what it means.

Each field is one condition; the defaults are a healthy exchange of July 2026 and an
ordinary account. They hold until they are set otherwise.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias, final

import msgspec

SymbolStatus: TypeAlias = Literal[
    "TRADING", "PENDING_TRADING", "SETTLING", "BREAK", "CLOSE"
]


@final
class Conditions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds until it is changed; times in exchange milliseconds.

    - `rest_lag_ms`: queries do not see a new order for so long (-2013), nor lists.
    - `algo_hidden_ms`: the same for conditional orders, which live meanwhile.
    - `silent_user_stream`: user events are lost, sockets stay open.
    - `duplicate_events`, `reorder_events`: each event twice; other types first.
    - `clock_skew_ms`: server time is so far from the market's.
    - `leverage_max`: -4203 above it, as for an account younger than 60 days.
    - `reduce_only_account`: entries answer -4087. `maintenance`: everything is 503.
    - `key_revoked`: -2015. `read_only_key`: -2015 on what trades or changes.
    - `key_withdraws`: the key may withdraw, as `apiRestrictions` tells.
    - `statuses`: what exchangeInfo says of a symbol; no entries unless TRADING.
    - `trigger_rejects`: a conditional order is REJECTED when it fires, for this reason.
    - `trigger_takes_ms`: it is TRIGGERING for so long, and a cancel answers -4117.
    - `trigger_renames`: the order that it becomes has a client id of its own.
    - `volume_base`: what every bar's volume counts as, so that orders fill in part.
    - `fill_parts`: each fill comes as so many trades.
    - `one_close_all`: a second close-all order of a side and kind answers -4130.
    - `old_replies`: order replies have avgPrice and cumQuote, as before July 2026.
    - `countdown_cancels_algos`: whether the dead-man switch takes conditional orders too.
    """

    rest_lag_ms: int = 0
    algo_hidden_ms: int = 0
    silent_user_stream: bool = False
    duplicate_events: bool = False
    reorder_events: bool = False
    clock_skew_ms: int = 0
    leverage_max: int | None = None
    reduce_only_account: bool = False
    maintenance: bool = False
    key_revoked: bool = False
    read_only_key: bool = False
    key_withdraws: bool = False
    statuses: dict[str, SymbolStatus] = {}
    trigger_rejects: str = ""
    trigger_takes_ms: int = 0
    trigger_renames: bool = False
    volume_base: Decimal | None = None
    fill_parts: int = 1
    one_close_all: bool = False
    old_replies: bool = False
    countdown_cancels_algos: bool = False

    def __post_init__(self) -> None:
        volume = self.volume_base
        if volume is not None and not (volume.is_finite() and volume >= 0):
            msg = f"volume_base must be finite and not negative, was {volume}"
            raise ValueError(msg)
        if self.fill_parts < 1:
            msg = f"fill_parts must be at least 1, was {self.fill_parts}"
            raise ValueError(msg)


@final
class AccountSetting(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """What somebody else did to the account: another client, the website, the exchange.

    It happens at once and is told on the user stream as the exchange tells it.
    """

    dual_side: bool | None = None
    multi_assets: bool | None = None
    margin_types: dict[str, Literal["ISOLATED", "CROSSED"]] = {}
    leverages: dict[str, int] = {}
    transfer_usd: Decimal | None = None
    expire_listen_key: bool = False
    drop_sockets: bool = False
    deleverage: str = ""

    def __post_init__(self) -> None:
        if self.transfer_usd is not None and not self.transfer_usd.is_finite():
            msg = f"transfer_usd must be finite, was {self.transfer_usd}"
            raise ValueError(msg)

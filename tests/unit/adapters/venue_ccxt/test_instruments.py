"""The Governor's rules are the venue's own, or it has none."""

import json
from collections.abc import Sequence

import pytest

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.venue_ccxt.instruments import (
    AGAIN_MS,
    INSTRUMENTS_AGE_MAX_MS,
    VenueInstruments,
    instrument_of,
)
from bridge_patch.adapters.venue_ccxt.outcome import Reply
from bridge_patch.adapters.venue_ccxt.replies import (
    Filter,
    SymbolBrackets,
    SymbolInfo,
    Tier,
)
from bridge_patch.adapters.venue_ccxt.rules import rules_of
from bridge_patch.app.binance_server.conditions import SymbolStatus
from bridge_patch.app.binance_server.faults import Fault, FaultKind
from bridge_patch.app.venues import surroundings_of
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Symbol, UnixMs, Unknown
from bridge_patch.governor.snapshot import Known
from tests.contracts.approvals import BTC, SOL, instrument
from tests.unit.adapters.venue_ccxt.stand import D, Sent, Stand, on_stand

ETH, DOGE = Symbol("ETHUSDT"), Symbol("DOGEUSDT")
LISTED = ListedInstruments()


def instruments(stand: Stand, symbols: Sequence[Symbol] = (BTC, SOL)) -> VenueInstruments:
    parts = stand.venue.parts
    return VenueInstruments(parts.transport, parts.rules, symbols)


def why(found: Instrument | Unknown) -> str:
    assert isinstance(found, Unknown), found
    return found.why


def test_the_simulators_rules_are_the_listed_ones_to_the_last_digit() -> None:
    """So the same market gives the same verdicts there as on paper."""

    async def script(stand: Stand) -> None:
        rules = instruments(stand)
        assert await rules.refresh() == ""
        assert {one.symbol for one in rules.adopt()} == {BTC, SOL}
        assert rules.find(BTC) == instrument(BTC)
        assert rules.find(SOL) == instrument(SOL)
        assert rules.read_ms(UnixMs(0)) == stand.clock.now_ms()

    on_stand(script)


def test_before_they_are_read_and_adopted_there_are_no_rules() -> None:
    """What is judged by stands in the journal: adopting is what journals it."""

    async def script(stand: Stand) -> None:
        rules = instruments(stand)
        assert "not read yet" in why(rules.find(BTC))
        await rules.refresh()
        assert isinstance(rules.find(BTC), Unknown)
        assert rules.read_ms(stand.clock.now_ms()) == 0
        assert len(rules.adopt()) == 2
        assert isinstance(rules.find(BTC), Instrument)
        assert rules.adopt() == ()

    on_stand(script)


@pytest.mark.parametrize("path", ["exchangeInfo", "leverageBracket"])
def test_what_could_not_be_read_says_why_and_what_was_read_before_ages(path: str) -> None:
    async def script(stand: Stand) -> None:
        rules = instruments(stand)
        stand.fault(FaultKind.CODE, path=f"/fapi/v1/{path}", code=-2015, status=401)
        said = await rules.refresh()
        assert path in said
        assert path in why(rules.find(BTC))
        await rules.refresh()
        rules.adopt()
        then = rules.read_ms(UnixMs(0))
        stand.wire.pass_ms(5_000)
        stand.fault(FaultKind.EMPTY, path=f"/fapi/v1/{path}")
        assert await rules.refresh()
        assert rules.adopt() == ()
        assert (rules.find(BTC), rules.read_ms(UnixMs(0))) == (instrument(BTC), then)

    on_stand(script)


def test_they_are_read_hourly_and_a_failure_is_not_repeated_at_once() -> None:
    async def script(stand: Stand) -> None:
        rules = instruments(stand)
        stand.streaming = False  # an hour is longer than a listen key lives

        def reads() -> int:
            return len(stand.calls("leverageBracket"))

        stand.core.plan([Fault(kind=FaultKind.EMPTY, path="/fapi/v1/exchangeInfo")])
        for expected, pause_ms in (
            (1, AGAIN_MS - 1),
            (1, 1),
            (2, INSTRUMENTS_AGE_MAX_MS - 1),
            (2, 1),
            (3, 0),
            (3, 0),
        ):
            await rules.keep()
            rules.adopt()
            assert reads() == expected
            stand.wire.pass_ms(pause_ms)

    on_stand(script)


@pytest.mark.parametrize("status", ["SETTLING", "BREAK", "CLOSE", "PENDING_TRADING"])
def test_what_does_not_trade_is_not_entered_and_can_be_left(status: SymbolStatus) -> None:
    """Law 4: a halt closes entries; stops and reductions keep their steps."""

    async def script(stand: Stand) -> None:
        rules = instruments(stand, (BTC, SOL))
        lasting = rules.lasting(LISTED)
        stand.dispose(statuses={"BTCUSDT": status})
        await rules.refresh()
        rules.adopt()
        assert f"BTCUSDT is '{status}' at the venue, not TRADING" in why(rules.find(BTC))
        assert isinstance(rules.find(SOL), Instrument)
        assert lasting.find(BTC) == instrument(BTC)
        assert lasting.find(DOGE) == instrument(DOGE)
        assert lasting.read_ms(UnixMs(7)) == 7

    on_stand(script)


def test_what_is_not_listed_there_or_none_of_ours_has_no_rules() -> None:
    async def script(stand: Stand) -> None:
        rules = instruments(stand, (BTC, DOGE))
        await rules.refresh()
        assert [one.symbol for one in rules.adopt()] == [BTC]
        assert why(rules.find(DOGE)) == "DOGEUSDT is not a listed contract"
        assert why(rules.find(ETH)) == "ETHUSDT is none of the symbols of this run"

    on_stand(script)


def test_rules_that_change_are_told_once_and_by_themselves() -> None:
    """The caps halve; what did not change is not journaled again."""

    async def script(stand: Stand) -> None:
        rules = instruments(stand)
        await rules.refresh()
        rules.adopt()
        tiers = [
            {
                "symbol": symbol,
                "notionalCoef": 0.5 if symbol == BTC else 1.5,
                "brackets": [
                    {
                        "initialLeverage": tier.leverage_max,
                        "notionalFloor": int(tier.notional_floor),
                        "notionalCap": int(tier.notional_cap),
                        "maintMarginRatio": float(tier.mmr),
                        "cum": float(tier.cum),
                    }
                    for tier in instrument(symbol).brackets
                ],
            }
            for symbol in (BTC, SOL)
        ]

        def instead(sent: Sent) -> Reply | None:
            if not sent.path.endswith("leverageBracket"):
                return None
            return Reply(status=200, body=json.dumps(tiers))

        stand.wire.instead = instead
        await rules.refresh()
        (changed,) = rules.adopt()

        halves = instrument(BTC).brackets
        assert changed.symbol == BTC
        assert [b.notional_cap for b in changed.brackets] == [
            b.notional_cap / 2 for b in halves
        ]
        assert [b.cum for b in changed.brackets] == [b.cum / 2 for b in halves]
        assert [b.mmr for b in changed.brackets] == [b.mmr for b in halves]
        assert rules.find(BTC) == changed

    on_stand(script)


TIER = Tier(
    initial_leverage=20,
    notional_floor=D(0),
    notional_cap=D(10_000),
    maint_margin_ratio=D("0.01"),
    cum=D(0),
)
LOT = Filter(filter_type="LOT_SIZE", min_qty=D("0.1"), max_qty=D(100), step_size=D("0.1"))
MARKET_LOT = Filter(
    filter_type="MARKET_LOT_SIZE", min_qty=D(1), max_qty=D(30), step_size=D("0.01")
)
PRICE = Filter(filter_type="PRICE_FILTER", tick_size=D("0.5"))
LEAST = Filter(filter_type="MIN_NOTIONAL", notional=D(7))
ODD = Filter(filter_type="POSITION_RISK_CONTROL")
CROOKED = Filter(filter_type="MARKET_LOT_SIZE", step_size=D("0.07"))


def made(*filters: Filter, tiers: Sequence[Tier] = (TIER,)) -> Instrument:
    info = SymbolInfo(symbol="BTCUSDT", status="TRADING", filters=list(filters))
    brackets = SymbolBrackets(symbol="BTCUSDT", brackets=list(tiers))
    return instrument_of(BTC, rules_of(info), brackets)


@pytest.mark.parametrize("market_first", [True, False])
def test_of_two_lot_filters_the_stricter_word_counts(market_first: bool) -> None:
    """And a filter of a kind that nobody here knows asks nothing."""
    lots = (MARKET_LOT, LOT) if market_first else (LOT, MARKET_LOT)
    one = made(ODD, *lots, PRICE, LEAST)

    assert (one.quantity_min, one.quantity_max) == (D(1), D(30))
    assert (one.quantity_step, one.price_tick, one.notional_min) == (
        D("0.1"),
        D("0.5"),
        D(7),
    )


@pytest.mark.parametrize(
    ("filters", "tiers", "said"),
    [
        ((PRICE, LEAST), (TIER,), "must be stated"),
        ((LOT, LEAST), (TIER,), "must be stated"),
        ((LOT, CROOKED, PRICE), (TIER,), "steps of its lot filters"),
        ((LOT, PRICE), (), "at least one leverage bracket"),
    ],
)
def test_what_makes_no_contract_is_refused_with_the_reason(
    filters: tuple[Filter, ...], tiers: tuple[Tier, ...], said: str
) -> None:
    with pytest.raises(InvalidValueError, match=said):
        made(*filters, tiers=tiers)


def test_the_governor_hears_of_the_clock_that_the_venue_goes_by() -> None:
    """Our clock ahead of the venue's is positive, as the rule about it has it."""

    async def script(stand: Stand) -> None:
        around = surroundings_of(stand.venue)
        assert around.skew is not None
        await stand.venue.read()
        assert around.skew() == Known(D(0), stand.clock.now_ms())
        stand.dispose(clock_skew_ms=-700)
        stand.wire.pass_ms(5_000)
        await stand.venue.read()
        assert around.skew() == Known(D(700), stand.clock.now_ms())

    on_stand(script)

"""What a gap in the stream hid is told by the catch-up, whatever traded since."""

from dataclasses import replace

import pytest

from bridge_patch.adapters.venue_ccxt.outcome import Answer, Reply
from bridge_patch.domain.venue_events import Filled, FillKind, FundingPaid
from tests.contracts.approvals import BTC, SOL
from tests.unit.adapters.venue_ccxt.scenes import by_hand, guarded, hidden
from tests.unit.adapters.venue_ccxt.stand import D, Sent, Stand, on_stand, traded


def deaf(stand: Stand) -> None:
    """The stream is gone, and nobody has noticed yet."""
    stand.streaming, stand.stream = False, None


@pytest.mark.parametrize("renamed", [False, True])
def test_a_stop_that_fired_in_a_gap_is_told_whatever_its_order_is_called(
    renamed: bool,
) -> None:
    """The order that a stop becomes may have a client id that we never gave."""

    async def script(stand: Stand) -> None:
        stand.dispose(trigger_renames=renamed)
        await guarded(stand)
        deaf(stand)
        stand.move("94000", low="94000")
        await stand.begin()

        (fill,) = [e for e in await stand.events() if isinstance(e, Filled)]
        assert (fill.kind, fill.order_id) == (FillKind.STOP, "bp-stop")
        assert stand.venue.parts.facts.fold.positions == {}
        assert stand.venue.foreign_orders() == 0

    on_stand(script)


def test_the_account_looks_for_the_stop_of_what_only_we_believe_to_be_open() -> None:
    """The venue is flat: that alone tells nobody which of our orders closed it."""

    async def script(stand: Stand) -> None:
        stand.dispose(trigger_renames=True)
        await guarded(stand)
        deaf(stand)
        stand.move("94000", low="94000")
        for _ in range(3):
            await stand.pause(5_000)
            await stand.venue.read()

        (fill,) = [e for e in await stand.events() if isinstance(e, Filled)]
        assert (fill.kind, fill.order_id) == (FillKind.STOP, "bp-stop")
        assert stand.venue.parts.facts.fold.positions == {}

    on_stand(script)


def test_a_stop_that_the_lists_do_not_show_yet_is_not_lost() -> None:
    async def script(stand: Stand) -> None:
        await guarded(stand)
        stand.wire.instead = hidden
        assert await stand.venue.stream.catch_up()
        assert await stand.events() == ()
        assert len(stand.venue.parts.facts.fold.stops(BTC)) == 1

    on_stand(script)


def test_a_stop_about_which_there_is_no_answer_leaves_the_catch_up_open() -> None:
    async def script(stand: Stand) -> None:
        await guarded(stand)

        def mute(sent: Sent) -> Answer | None:
            asked = sent.path.endswith("/algoOrder")
            return Reply(status=503, body="") if asked else hidden(sent)

        stand.wire.instead = mute
        assert not await stand.venue.stream.catch_up()

    on_stand(script)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_trade_elsewhere_hides_nothing_that_was_missed(restarted: bool) -> None:
    """How far back is asked goes by the symbol, and by what was read whole."""

    async def script(stand: Stand) -> None:
        report = await stand.open()
        journal = [*report.events, *await stand.events()]
        fill = next(e for e in journal if isinstance(e, Filled))
        deaf(stand)
        await by_hand(stand, "SELL", "autoclose-1")
        stand.wire.pass_ms(600_000)
        if restarted:
            stand.venue = stand.make()
            stand.venue.restore(journal)
        at_ms = stand.clock.now_ms()
        stand.venue.parts.facts.fold.apply(
            replace(fill, symbol=SOL, at_ms=at_ms, trade_id="elsewhere-1")
        )
        await stand.begin()

        assert traded(await stand.events()) == D("-0.02")

    on_stand(script)


def test_a_settlement_that_was_missed_is_told_although_we_traded_since() -> None:
    async def script(stand: Stand) -> None:
        await stand.open()
        await stand.events()
        deaf(stand)
        stand.wire.pass_ms(1_000)
        stand.settle("0.0001")
        stand.wire.pass_ms(600_000)
        await stand.close(quantity="0.05")
        await stand.events()
        await stand.begin()

        paid = [e for e in await stand.events() if isinstance(e, FundingPaid)]
        assert len(paid) == 1

    on_stand(script)

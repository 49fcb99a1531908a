"""Time and bars: what is played again after a restart happened once."""

from tests.unit.app.binance_server.desk import Desk


def test_a_bar_that_is_played_again_does_not_fire_what_was_armed_after_it() -> None:
    """Whoever paces the exchange repeats its last bar after a restart."""
    desk = Desk()
    desk.market("BUY", "0.1")
    desk.play("58500", "60000", close="59900")
    desk.ok(
        "POST",
        "/fapi/v1/algoOrder",
        algoType="CONDITIONAL",
        symbol="BTCUSDT",
        side="SELL",
        type="STOP_MARKET",
        triggerPrice="59000",
        closePosition="true",
    )
    listed = desk.ok("GET", "/fapi/v1/klines", symbol="BTCUSDT", interval="1m")
    desk.minute -= 1

    assert desk.play("58500", "60000", close="59900") == 0
    assert len(desk.core.venue.records.open_algos()) == 1
    assert desk.core.venue.exchange.positions
    assert desk.ok("GET", "/fapi/v1/klines", symbol="BTCUSDT", interval="1m") == listed
    assert desk.play("58500", "60000", close="59900") > 0
    assert not desk.core.venue.exchange.positions

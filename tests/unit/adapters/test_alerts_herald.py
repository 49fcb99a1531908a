"""What people are told when alarms come back, and when many of a kind become one."""

from bridge_patch.adapters.alerts import Alarm, Cause, Standing
from bridge_patch.adapters.alerts_fold import APART_MAX
from bridge_patch.adapters.alerts_herald import AGAIN_SEC, Herald
from tests.unit.adapters.test_alerts import titles


def test_an_alarm_that_is_back_for_good_is_told_soon_behind_its_all_clear() -> None:
    """Or the last word of a quarter of an hour would be that a naked position is over."""
    herald, naked = Herald("execution"), Cause(Alarm.NAKED, "BTCUSDT")
    herald.due({naked: "no stop"}, 0.0)
    herald.due({}, 10.0)
    quiet = herald.due({naked: "no stop"}, 20.0)
    said = [titles(herald.due({naked: "no stop"}, 20.0 + sec)) for sec in (59, 60, 61)]

    assert quiet == ()
    assert AGAIN_SEC == 60
    assert said == [[], ["NAKED BTCUSDT [page]"], []]


def test_what_becomes_one_of_a_crowd_is_not_over() -> None:
    """The eleventh naked position must not say all clear of the ten before it."""
    herald = Herald("execution")
    few = {Cause(Alarm.NAKED, f"A{n}USDT"): "no stop" for n in range(APART_MAX)}
    crowd: Standing = {Cause(Alarm.NAKED): "11 of them"}
    herald.due(few, 0.0)
    grown = titles(herald.due(crowd, 10.0))
    shrunk = titles(herald.due(few, 20.0))
    over = titles(herald.due({}, 30.0))

    assert grown == ["NAKED [page]"]
    assert shrunk == []
    assert sorted(over) == sorted(f"all clear, {cause}" for cause in (*few, *crowd))

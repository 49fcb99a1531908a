"""Incidents of processes that counted as alive and did nothing."""

from bridge_patch.adapters.alerts import STALL_MAX_SEC, Alarm, Cause
from bridge_patch.adapters.health_progress import Progress, Starts
from bridge_patch.app.monitoring import Monitor
from bridge_patch.app.stopping import Stop
from tests.unit.adapters.monitored import Wound, told
from tests.unit.adapters.test_metrics_page import asked, served


def test_health_reports_progress_not_process() -> None:
    """M-85: a process that stood still for hours counted as active, and a loop of restarts.

    The page goes on living beside a loop that does not come round: it says so, and why.
    """
    clock, stop = Wound(), Stop()
    one = told(clock, progress=Progress(clock.now_sec))
    stop.looked = Monitor(told=one, clock=clock.now_sec).turned
    with served(one) as url:
        for _ in range(100):
            clock.sec += STALL_MAX_SEC - 1
            assert not stop.asked
        turning = asked(f"{url}/healthz")
        clock.sec += STALL_MAX_SEC + 1
        stalled = asked(f"{url}/healthz")
        assert not stop.asked
        again = asked(f"{url}/healthz")
        one.progress.begin()
        one.starts = Starts(total=6_568, ages_sec=(0.0,) * 12)
        looping = asked(f"{url}/healthz")

    assert (turning[0], stalled[0], again[0], looping[0]) == (200, 503, 200, 503)
    assert "STALLED: no progress for 31 s" in stalled[1]
    assert "RESTARTING: 12 starts within 600 s, 6568 in all" in looping[1]
    assert Cause(Alarm.RESTARTING) in one.standing()

"""Everything one process tells about itself: what a page, a probe and an alarm go by.

The loop writes and another thread reads. Whatever passes between them is a plain value that
is replaced whole, so neither waits for the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import final

from bridge_patch.adapters import metrics
from bridge_patch.adapters.alerts import ALARMS, Standing
from bridge_patch.adapters.alerts_fold import (
    Happenings,
    account_alarms,
    bus_alarms,
    reading_alarms,
)
from bridge_patch.adapters.alerts_herald import Herald
from bridge_patch.adapters.alerts_sender import Sender
from bridge_patch.adapters.health_progress import (
    Health,
    Progress,
    Starts,
    health_of,
    process_alarms,
)
from bridge_patch.adapters.metrics_fold import MetricsFold
from bridge_patch.adapters.metrics_gauges import Value, bus_of, gauges_of, info_of
from bridge_patch.adapters.metrics_sample import BusSeen, Identity, Sample
from bridge_patch.domain.events import Event
from bridge_patch.services.messages import Draft


@final
@dataclass(slots=True, kw_only=True)
class Told:
    """What is known of one process; `now_ms` is its run's clock, `now_sec` a steady one.

    `sample` is None in a process that judges nothing, and while it waits to act; then
    `waits_since_sec` is since when it has all it needs but something to act on. `acts`
    tells a process that judges from the others. `outage` says why nothing can be recorded,
    `unshown` how many lines could not be printed.
    """

    identity: Identity
    acts: bool
    progress: Progress
    herald: Herald
    starts: Starts = field(default_factory=Starts)
    now_ms: Callable[[], int] = lambda: 0
    outage: Callable[[], str] = lambda: ""
    unshown: Callable[[], int] = lambda: 0
    fold: MetricsFold = field(default_factory=MetricsFold)
    happenings: Happenings = field(default_factory=Happenings)
    sample: Sample | None = None
    waits_since_sec: float | None = None
    bus: BusSeen = field(default_factory=BusSeen)
    senders: tuple[Sender, ...] = ()
    lost: int = 0

    def tell(self, event: Event) -> None:
        """Take in one journaled event."""
        self.progress.turned()
        try:
            self.fold.tell(event)
            self.happenings.tell(event, self.progress.now_sec())
        except Exception:  # noqa: BLE001 - what cannot be counted is counted as lost
            self.lost += 1

    def published(self, draft: Draft) -> None:
        """Take in that an intent went out."""
        self.fold.published(draft)

    def standing(self) -> Standing:
        """Return what stands as an alarm, now."""
        found: Standing = {}
        now_sec = self.progress.now_sec()
        since_sec = self.waits_since_sec
        waits_sec = 0.0 if since_sec is None else now_sec - since_sec
        found.update(process_alarms(self.progress, self.outage(), self.starts, waits_sec))
        if (sample := self.sample) is not None:
            now_ms = self._sampled_ms(sample)
            found.update(account_alarms(sample, now_ms))
            found.update(reading_alarms(sample, now_ms))
        found.update(bus_alarms(self.bus, acts=self.acts))
        found.update(self.happenings.standing(now_sec))
        return found

    def health(self) -> Health:
        """Return whether it makes progress, with every reason."""
        return health_of(self.standing(), self.progress.turns, self.starts)

    def values(self) -> Iterator[Value]:
        """Yield every series that is not a count or a spread of events."""
        yield info_of(self.identity, self.sample)
        if (sample := self.sample) is not None:
            yield from gauges_of(sample, self._sampled_ms(sample))
        yield from bus_of(self.bus)
        yield from self._process()
        standing = self.standing()
        alarms = {cause.alarm for cause in standing}
        for alarm, about in ALARMS.items():
            yield metrics.ALARM, (alarm, about.severity), float(alarm in alarms)
            yield metrics.ALARMS, (alarm,), float(self.herald.raised[alarm])
        yield metrics.ALERTS, ("held",), float(self.herald.held)
        for outcome in ("sent", "failed", "dropped"):
            count = sum(sender.outcomes[outcome] for sender in self.senders)
            yield metrics.ALERTS, (outcome,), float(count)

    def announce(self) -> None:
        """Say what is due to people; what fails is counted, and the next round comes."""
        try:
            words = self.herald.due(self.standing(), self.progress.now_sec())
        except Exception:  # noqa: BLE001 - no alarm may end the rounds
            self.lost += 1
            return
        for word in words:
            for sender in self.senders:
                sender.say(word)

    def _sampled_ms(self, sample: Sample) -> int:
        """Return the run's time; that of a replay stands still with the loop."""
        return max(self.now_ms(), sample.now_ms) if sample.live else sample.now_ms

    def _process(self) -> Iterator[Value]:
        yield metrics.HEALTHY, (), float(self.health().is_well)
        yield metrics.LOOP_AGE, (), self.progress.age_sec
        yield metrics.LOOP_TURNS, (), float(self.progress.turns)
        yield metrics.OUTAGE, (), float(bool(self.outage()))
        yield metrics.STARTS, (), float(self.starts.total)
        lately = self.starts.lately(self.progress.up_sec)
        yield metrics.STARTS_LATELY, (), float(lately)
        yield metrics.LOST, (), float(self.lost + self.unshown())

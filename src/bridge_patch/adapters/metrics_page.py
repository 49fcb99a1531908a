"""The metrics page: what the fold, the sample and the process say, as Prometheus reads it.

`prometheus_client` is imported by whoever serves the page, and by nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector, CollectorRegistry

from bridge_patch.adapters import metrics
from bridge_patch.adapters.metrics import METRICS, Kind, Metric
from bridge_patch.adapters.metrics_fold import Labels, MetricsFold, Spread
from bridge_patch.adapters.metrics_gauges import Value
from bridge_patch.adapters.metrics_told import Told


@final
@dataclass(frozen=True, eq=False)
class Page(Collector):
    """Collects every series there is, each time it is asked; it keeps nothing."""

    told: Told

    def collect(self) -> Iterator[Family]:
        """Yield the families in the order of the table, those without a series too."""
        values = _by_metric(self.told.values())
        fold = self.told.fold
        for metric in METRICS:
            if metric.kind is Kind.HISTOGRAM:
                yield _spread(metric, fold)
            elif metric.kind is Kind.COUNTER:
                yield _counter(metric, (*_counted(metric, fold), *values[metric]))
            else:
                yield _gauge(metric, values[metric])


def registry_of(told: Told) -> CollectorRegistry:
    """Return a registry with our metrics only: no process or platform is told of."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Page(told))
    return registry


def _by_metric(values: Iterable[Value]) -> defaultdict[Metric, list[tuple[Labels, float]]]:
    found: defaultdict[Metric, list[tuple[Labels, float]]] = defaultdict(list)
    for metric, labels, value in values:
        found[metric].append((labels, value))
    return found


def _counted(metric: Metric, fold: MetricsFold) -> Iterator[tuple[Labels, float]]:
    if metric is metrics.FEES:
        for book, usd in fold.fees_usd.copy().items():
            yield (book,), float(usd)
        return
    counts = dict(fold.counts)  # the trading thread adds meanwhile
    if not metric.labels and metric.origin is metrics.Origin.JOURNAL:
        yield (), float(counts.get((metric, ()), 0))
        return
    for (its, labels), count in counts.items():
        if its is metric:
            yield labels, float(count)


def _counter(metric: Metric, series: Iterable[tuple[Labels, float]]) -> Family:
    family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in series:
        family.add_metric(labels, value)
    return family


def _gauge(metric: Metric, series: Iterable[tuple[Labels, float]]) -> Family:
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in series:
        family.add_metric(labels, value)
    return family


def _spread(metric: Metric, fold: MetricsFold) -> Family:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    spreads = dict(fold.spreads)
    if not metric.labels:
        spreads.setdefault((metric, ()), Spread(metric.buckets))
    for (its, labels), spread in spreads.items():
        if its is metric:
            still = spread.copy()
            bounds = (*map(str, still.buckets), "+Inf")
            buckets = list(zip(bounds, accumulate(still.counts), strict=True))
            family.add_metric(labels, buckets, still.sum)
    return family

"""The figures as a scraper reads them: names, what each means, and labels from closed vocabularies alone.

A registry for each answer, so nothing of the process, of its libraries or of their paths is in it. No label and no
value names a case, an agency or a person; `docs/operating.md` has a line for each name, and a test holds the two
together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from escalations.metrics.figures import Figures
from escalations.metrics.lateness import Histogram, Late
from escalations.store.heartbeats import Part
from escalations.store.tallies import Tally

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
PREFIX: Final = "escalations_"


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer is made of. Without the database only that it is away can be said."""

    now: datetime
    temporal_up: bool
    figures: Figures | None
    late: Late | None
    seconds: float
    """How long the database took to say it."""


def text(seen: Seen) -> bytes:
    """The answer to a scrape."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(list(families(seen))))
    return generate_latest(registry)


class _Once(Collector):
    """Gives what it was given."""

    def __init__(self, told: Iterable[Metric]) -> None:
        self._told = told

    @override
    def collect(self) -> Iterable[Metric]:
        return self._told


def families(seen: Seen) -> Iterator[Metric]:
    """Every figure, in the order in which somebody looks for a fault: what is up, what waits, how late it was."""
    yield _gauge("database_up", "1 where the database answers.", float(seen.figures is not None))
    yield _gauge("temporal_up", "1 where Temporal answers this process.", float(seen.temporal_up))
    if seen.figures is None or seen.late is None:
        return
    yield from _parts(seen.figures, seen.now)
    yield from _queues(seen.figures, seen.now)
    yield from _cases(seen.figures, seen.now)
    yield _histogram(
        "limit_recorded_lateness_seconds", "From a time limit to the record that it passed.", seen.late.recorded
    )
    yield _histogram(
        "notice_sent_lateness_seconds",
        "From the record of an event to its notice's leaving.",
        seen.late.sent,
    )
    yield _gauge("database_bytes", "The size of the database.", seen.figures.database_bytes)
    yield _gauge("metrics_seconds", "How long the database took to give these figures.", seen.seconds)


def _parts(figures: Figures, now: datetime) -> Iterator[Metric]:
    age = GaugeMetricFamily(
        f"{PREFIX}part_seen_age_seconds", "Seconds since a part was last seen; absent: never.", labels=["part"]
    )
    up = GaugeMetricFamily(f"{PREFIX}part_up", "1 where a part was seen lately.", labels=["part"])
    for part in Part:
        last = figures.seen.get(part)
        up.add_metric([part.value], float(last is not None and not last.is_lost(now)))
        if last is not None:
            age.add_metric([part.value], _age(last.at, now))
    yield up
    yield age
    yield _counter(
        "dispatcher_rounds",
        "How often a dispatcher looked for work.",
        figures.tallies.get((Tally.DISPATCHER_ROUNDS, ""), 0),
    )


def _queues(figures: Figures, now: datetime) -> Iterator[Metric]:
    count = GaugeMetricFamily(f"{PREFIX}submissions", "Submissions that are on their way.", labels=["state"])
    oldest = GaugeMetricFamily(
        f"{PREFIX}submissions_oldest_age_seconds", "Age of the oldest of them; 0 where there is none.", labels=["state"]
    )
    for state, queue in figures.submissions.items():
        count.add_metric([state.value], queue.count)
        oldest.add_metric([state.value], _age(queue.oldest, now))
    yield count
    yield oldest
    waiting = figures.waiting_notices
    yield _gauge("notices_waiting", "Notices that have not left yet.", waiting.count)
    yield _gauge(
        "notices_oldest_age_seconds", "Age of the oldest of them; 0 where there is none.", _age(waiting.oldest, now)
    )
    settled = CounterMetricFamily(f"{PREFIX}notices_settled", "Notices, by what became of them.", labels=["outcome"])
    for outcome, number in figures.settled_notices.items():
        settled.add_metric([outcome.value], number)
    yield settled
    mail = GaugeMetricFamily(f"{PREFIX}mail_in", "Mail that came in, by what became of it.", labels=["state"])
    waits = GaugeMetricFamily(
        f"{PREFIX}mail_in_oldest_age_seconds",
        "For how long the oldest of it waits; 0 where none does.",
        labels=["state"],
    )
    for became, number in figures.mail.items():
        mail.add_metric([became.value], number)
    for became, queue in figures.waiting_mail.items():
        waits.add_metric([became.value], _age(queue.oldest, now))
    yield mail
    yield waits
    yield _gauge(
        "outbox_messages",
        "Messages in the local outbox, in place of a relay.",
        figures.outbox_messages,
    )


def _cases(figures: Figures, now: datetime) -> Iterator[Metric]:
    cases = GaugeMetricFamily(f"{PREFIX}cases", "Escalations, by status.", labels=["status"])
    for status, number in figures.cases.items():
        cases.add_metric([status.value], number)
    yield cases
    yield _gauge("clocks_running", "Clocks that have not come to their limit.", figures.running_clocks)
    overdue = GaugeMetricFamily(
        f"{PREFIX}due_not_recorded", "What time should have brought, and the register does not hold.", labels=["what"]
    )
    oldest = GaugeMetricFamily(
        f"{PREFIX}due_not_recorded_oldest_age_seconds",
        "For how long the oldest of it has been due; 0 where there is none.",
        labels=["what"],
    )
    for what, queue in figures.overdue.items():
        overdue.add_metric([what.value], queue.count)
        oldest.add_metric([what.value], _age(queue.oldest, now))
    yield overdue
    yield oldest


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)


def _gauge(name: str, means: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, means, value=value)


def _counter(name: str, means: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, means, value=value)


def _histogram(name: str, means: str, histogram: Histogram) -> Metric:
    return HistogramMetricFamily(
        PREFIX + name, means, buckets=histogram.cumulative(), sum_value=histogram.total_seconds
    )

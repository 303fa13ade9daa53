"""What a past costs: the drain rate, a claim and its settling, by settled rows behind."""

import statistics
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from benchmarks.case import OURS, Case, Scale, Workload
from benchmarks.draining import window_rate
from benchmarks.filling import ANSWER, VENDOR, Filling
from benchmarks.ground import Ground
from benchmarks.relay import IN_FLIGHT, Relay, gate
from benchmarks.shelf import POSTGRES, SQLITE
from worker.events import Kind
from worker.journal.claim import Claim, claim
from worker.journal.engine import open_journal
from worker.journal.settle import Attempt, Told, settle
from worker.outcomes import Accepted, OnUnclear

SETTLED = (10_000, 1_000_000)
HUGE = 10_000_000
WAITING = 60_000
SECONDS = 15
TURNS = 40
WARM = 5
LEASE = timedelta(seconds=90)


def setting(database: str, settled: int) -> str:
    """As the results name it."""
    return f"{settled:,} settled rows behind, {database}"


def relay(ground: Ground, database: str, settled: int, seconds: int) -> Mapping[str, float]:
    """One worker drains; then claims and settlings are timed by themselves on what is left."""
    asked = ground.vendor()
    journal = ground.journal(database, Filling(settled=settled, waiting=WAITING))
    timed = _timed(journal)
    parts = Relay(ground, journal, {VENDOR: gate(asked)})
    parts.beat()
    parts.worker()
    waiting = WAITING - (TURNS + WARM) * IN_FLIGHT
    return {"rate": window_rate(asked, waiting, seconds), **timed}


def _timed(journal: str) -> dict[str, float]:
    """Medians in ms, of as many reports as are in flight at a time."""
    engine = open_journal(journal)
    claims_ms, settles_ms = [], []
    try:
        for _ in range(WARM + TURNS):
            now, began = datetime.now(UTC), time.perf_counter()
            claims = claim(
                engine,
                VENDOR,
                Kind.CHARGE_RECORD,
                owner="bench",
                now=now,
                lease_until=now + LEASE,
                limit=IN_FLIGHT,
            )
            claimed = time.perf_counter()
            settle(
                engine,
                VENDOR,
                Kind.CHARGE_RECORD.value,
                [Told(item, Accepted("成功", "0")) for item in claims],
                [_attempt(item, now) for item in claims],
                on_unclear=OnUnclear.RESEND,
                now=now,
            )
            claims_ms.append((claimed - began) * 1000)
            settles_ms.append((time.perf_counter() - claimed) * 1000)
    finally:
        engine.dispose()
    return {
        "claim": statistics.median(claims_ms[WARM:]),
        "settle": statistics.median(settles_ms[WARM:]),
    }


def _attempt(item: Claim, at: datetime) -> Attempt:
    return Attempt(
        started_at=at,
        duration_ms=20,
        method="POST",
        url="https://garage.example/chargePile/chargingRecord",
        http_status=200,
        outcome=Accepted("成功", "0"),
        request="{}",
        answer=ANSWER,
        report_ids=(item.report_id,),
    )


def cases(scale: Scale) -> Sequence[Case]:
    """Each past on each database."""
    sizes = [*SETTLED, *([HUGE] if scale.huge else [])]
    seconds = scale.size(SECONDS, 4)
    return [
        Case(
            OURS,
            setting(database, settled),
            partial(relay, database=database, settled=settled, seconds=seconds),
        )
        for database in (SQLITE, POSTGRES)
        for settled in ([10_000, 100_000] if scale.quick else sizes)
    ]


WORKLOAD = Workload(
    "A long past: charge records to a vendor at 20 ms, with settled ones behind",
    {
        "rate": "records/s",
        "claim": f"ms for {IN_FLIGHT} reports",
        "settle": f"ms for {IN_FLIGHT} reports",
    },
    cases,
    by_contender=False,
)

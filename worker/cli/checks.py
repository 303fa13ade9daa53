"""What `chargerelay doctor` looks at: each check says how it stands and what to do about it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from worker.broker import ALIVE, PROCESSING, WORKERS
from worker.cli import needs
from worker.deployment import Deployment, NotReady
from worker.events import Kind
from worker.journal import lanes, migrate
from worker.journal.engine import JournalError, away, reading
from worker.policies import policies
from worker.roster import Roster, RosterError
from worker.wording import age

FREE_BYTES_WARN, FREE_BYTES_FAIL = 2 * 2**30, 200 * 2**20
LATE_S = 60.0


class Verdict(StrEnum):
    """How a check ended; only `failed` makes the doctor exit with 1."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's.

    Attributes:
        todo: what to do about it; empty when nothing is to be done.
    """

    check: str
    verdict: Verdict
    message: str
    todo: str = ""


def ok(check: str, message: str) -> Finding:
    """A finding that nothing follows from."""
    return Finding(check, Verdict.OK, message)


def warning(check: str, message: str, todo: str) -> Finding:
    """A finding that somebody should look at."""
    return Finding(check, Verdict.WARNING, message, todo)


def failed(check: str, message: str, todo: str = "") -> Finding:
    """A finding with which nothing will run."""
    return Finding(check, Verdict.FAILED, message, todo)


def broker(deployment: Deployment) -> Iterator[Finding]:
    """Whether it answers, and whether it keeps what it is given."""
    fault = deployment.broker_fault()
    if fault:
        yield failed("broker", fault)
        return
    info = deployment.redis.info("server")
    yield ok("broker", f"answers, version {info.get('valkey_version', info.get('redis_version'))}")
    try:
        config = deployment.redis.config_get("appendonly", "maxmemory", "maxmemory-policy")
    except RedisError as error:
        yield warning(
            "persistence",
            f"the broker does not tell its configuration ({error})",
            "make sure that its append-only file is on and its maxmemory-policy is noeviction",
        )
        return
    yield from _persistence({_text(key): _text(value) for key, value in config.items()})


def _persistence(config: dict[str, str]) -> Iterator[Finding]:
    if config.get("appendonly") != "yes":
        yield warning(
            "persistence",
            "the append-only file is off: what is queued is lost with the broker",
            "set `appendonly yes`",
        )
    else:
        yield ok("persistence", "the append-only file is on")
    policy = config.get("maxmemory-policy")
    if policy == "noeviction":
        yield ok("eviction", "maxmemory-policy is noeviction")
    else:
        yield warning(
            "eviction",
            f"maxmemory-policy is {policy}: a full broker would drop queues",
            "set `maxmemory-policy noeviction`",
        )


def queues(redis: Redis, now: datetime) -> Iterator[Finding]:
    """Who takes from the queues, and what lies in them."""
    names = sorted(_text(name) for name in redis.smembers(WORKERS))
    alive = [name for name in names if redis.exists(ALIVE.format(worker=name))]
    lengths = {kind.value: redis.llen(kind.value) for kind in Kind}
    held = sum(
        redis.llen(PROCESSING.format(queue=kind.value, worker=name))
        for kind in Kind
        for name in names
    )
    said = ", ".join(f"{kind} {length}" for kind, length in lengths.items())
    yield ok("queues", f"{said}; {held} items in workers' hands")
    if alive:
        yield ok("workers", f"alive: {', '.join(alive)}")
    else:
        yield warning(
            "workers",
            "none is alive, nothing is taken from the queues",
            "start `celery -A worker.app worker -P threads`",
        )
    seconds, microseconds = redis.time()
    apart_s = abs(now.timestamp() - (seconds + microseconds / 1e6))
    yield clock_finding("broker clock", "the broker's", apart_s)


def clock_finding(check: str, whose: str, apart_s: float) -> Finding:
    """Signatures carry the time, and vendors refuse those of another one."""
    if apart_s <= LATE_S:
        return ok(check, f"our clock and {whose} agree within {max(1, round(apart_s))} s")
    return warning(
        check, f"our clock and {whose} are {age(apart_s)} apart", "let NTP set the clocks"
    )


def journal(deployment: Deployment) -> Iterator[Finding]:
    """Whether it answers, has room and is at the version of this program."""
    try:
        needs.refuse_missing_file(deployment.settings)
        yield ok("journal", _version(deployment.engine))
        missing = migrate.missing(deployment.engine)
    except (NotReady, JournalError) as error:
        yield failed("journal", str(error))
        return
    except SQLAlchemyError as error:
        yield failed(
            "journal", f"does not answer ({away(error)})", "start it, or set RELAY_JOURNAL_URL"
        )
        return
    yield from _room(deployment.settings)
    if missing:
        yield failed("migrations", f"the journal {missing}", migrate.remedy(deployment.engine))
    else:
        yield ok("migrations", f"up to date ({migrate.revision(deployment.engine)})")


def _version(engine: Engine) -> str:
    name = engine.dialect.name
    query = "SELECT sqlite_version()" if name == "sqlite" else "SHOW server_version"
    with reading(engine) as connection:
        return f"answers, {name} {connection.execute(text(query)).scalar_one()}"


def _room(settings: Settings) -> Iterator[Finding]:
    path = needs.sqlite_file(settings)
    if path is None:
        return
    free = shutil.disk_usage(path.parent).free
    message = f"{free / 2**30:.1f} GiB free beside {path}"
    if free < FREE_BYTES_FAIL:
        yield failed("disk", message, "make room: without it nothing is accepted")
    elif free < FREE_BYTES_WARN:
        yield warning("disk", message, "make room, or shorten RELAY_KEEP_RECORD_DAYS")
    else:
        yield ok("disk", message)


def vendors(roster: Roster | RosterError) -> Iterator[Finding]:
    """Every fault of the vendors file."""
    if isinstance(roster, RosterError):
        for line in str(roster).splitlines():
            yield failed("vendors file", line)
    else:
        yield ok("vendors file", f"{len(roster.vendors)} vendors: {', '.join(roster.vendors)}")


def lateness(
    engine: Engine, roster: Roster | None, settings: Settings, now: datetime
) -> Iterator[Finding]:
    """Reports that are due for a while, though nothing holds them up."""
    configured = None if roster is None else roster.lanes()
    late = False
    for one in lanes.lanes(engine, configured, policies(settings), now):
        lane = f"{one.vendor} {one.kind}"
        if one.configured is False and one.oldest_age_s is not None:
            yield warning(
                "lanes",
                f"{lane} is not configured; waiting: {one.pending + one.unclear}",
                f"put {one.vendor} back into the vendors file",
            )
        due_s = 0.0 if one.next_try_at is None else (now - one.next_try_at).total_seconds()
        if due_s > LATE_S:
            late = True
            yield warning(
                "lanes",
                f"{lane}: the oldest due report has waited {age(due_s)}",
                "see that a worker and the beat are running, and how fast the vendor answers",
            )
    if not late:
        yield ok("lanes", f"no report is due for more than {LATE_S:g} s")


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)

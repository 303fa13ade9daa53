"""What a person does to a relay, from a terminal or the console: in the audit before it begins."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime

from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from worker import preview
from worker.journal import audit, decide, gates
from worker.journal import replay as journal
from worker.journal.clock import time_of
from worker.journal.engine import away
from worker.journal.listings import Filters
from worker.journal.replay import Counts, Fate
from worker.journal.states import State
from worker.policies import policies


@contextmanager
def audited(
    engine: Engine, who: str, act: str, asked: Mapping[str, object]
) -> Iterator[dict[str, object]]:
    """Write an act down around its doing; the caller fills in what came of it.

    An act that is interrupted stays without an end. One that fails ends with its fault.

    Args:
        engine: the journal.
        who: asks.
        act: the command.
        asked: what it was given.
    """
    audit_id = audit.begin(engine, who, act, asked, time_of(engine))
    result: dict[str, object] = {}
    try:
        yield result
    except Exception as fault:
        with suppress(SQLAlchemyError):  # the fault itself is what to hear of
            audit.end(engine, audit_id, {**result, "failed": away(fault)}, time_of(engine))
        raise
    audit.end(engine, audit_id, result, time_of(engine))


def why_no_replay(filters: Filters, *, again: bool) -> str | None:
    """Why these reports can never be replayed as it is asked; None if some may be."""
    if State.SUPERSEDED in filters.states:
        return "a superseded report is never replayed: a newer status took its place"
    if State.SENDING in filters.states:
        return "a report that is being sent cannot be replayed; wait for its outcome"
    if State.ACCEPTED in filters.states and not again:
        return "accepted reports are replayed only with --again: vendors are told twice"
    return None


@dataclass(frozen=True, slots=True)
class Acts:
    """The acts of one person.

    Attributes:
        who: for the audit.
    """

    engine: Engine
    settings: Settings
    who: str

    def pause(self, vendor: str, why: str | None) -> None:
        """Send nothing to a vendor until it is resumed; its reports wait, they do not fail."""
        with audited(self.engine, self.who, "pause", {"vendor": vendor, "why": why}):
            gates.pause(self.engine, vendor, why=why, now=time_of(self.engine))

    def resume(self, vendor: str) -> bool:
        """Send again, and forget that the vendor failed; False if it was not paused."""
        with audited(self.engine, self.who, "resume", {"vendor": vendor}) as result:
            paused = gates.resume(self.engine, vendor)
            result["was_paused"] = paused
        return paused

    def replay(self, filters: Filters, *, again: bool, per_s: float, asked_at: datetime) -> Counts:
        """Send reports once more; see `worker.journal.replay`.

        Args:
            filters: which.
            again: also what was accepted before `asked_at`.
            per_s: how many of each vendor become due in a second.
            asked_at: when the person saw what would be done.
        """
        asked = {name: value for name, value in asdict(filters).items() if value not in (None, ())}
        asked |= {"again": again, "per_second": per_s}
        with audited(self.engine, self.who, "replay", asked) as result:
            done = journal.replay(
                self.engine,
                filters,
                policies(self.settings),
                time_of(self.engine),
                again=again,
                per_s=per_s,
                asked_at=asked_at,
            )
            for fate in (Fate.REPLAYED, Fate.OVERTAKEN):
                result[fate] = preview.only(done, fate).total()
            result["groups"] = list(preview.rows(done))
        return done

    def put_back(self, redis: Redis, reject_id: int) -> str:
        """Put a reject back on its queue, which is returned.

        Raises:
            CannotDecide: unknown, put back already, or kept only in part.
        """
        act = "rejects --put-back"
        with audited(self.engine, self.who, act, {"reject": reject_id}) as result:
            queue = decide.put_back(self.engine, reject_id, redis.lpush, time_of(self.engine))
            result["queue"] = queue
        return queue

    def keep(self, conflict_id: int) -> None:
        """The first content of a conflict stays.

        Raises:
            CannotDecide: unknown, or decided already.
        """
        with audited(self.engine, self.who, "conflicts --keep", {"conflict": conflict_id}):
            decide.keep(self.engine, conflict_id, time_of(self.engine))

    def replace(self, conflict_id: int) -> int:
        """The second content of a conflict holds; returns how many reports are sent anew.

        Raises:
            CannotDecide: unknown, decided already, unreadable, or being sent right now.
        """
        act = "conflicts --replace"
        with audited(self.engine, self.who, act, {"conflict": conflict_id}) as result:
            now = time_of(self.engine)
            reports = decide.replace(self.engine, conflict_id, policies(self.settings), now)
            result["reports"] = reports
        return reports

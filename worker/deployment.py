"""The parts that the settings describe, opened on first use and checked before the start."""

from functools import cached_property

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from worker import broker, roster
from worker.journal import engine as journal
from worker.journal import migrate
from worker.journal.clock import JournalClock
from worker.tokens import Tokens
from worker.traces import NoTraces, Traces, opened


class NotReady(Exception):
    """Something that the start needs is missing; the message says what and what to do."""


class Deployment:
    """Settings and what they lead to; one per process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def engine(self) -> Engine:
        """The journal."""
        return journal.open_journal(self.settings.journal)

    @cached_property
    def clock(self) -> JournalClock:
        """What time it is for everything that is written into the journal."""
        return JournalClock(self.engine)

    @cached_property
    def redis(self) -> Redis:
        """The broker."""
        return broker.connect(
            self.settings.broker,
            master=self.settings.broker_master,
            sentinel_password=self.settings.broker_sentinel_password,
        )

    @cached_property
    def roster(self) -> roster.Roster:
        """The vendors."""
        return roster.load(self.settings, Tokens(self.redis))

    @cached_property
    def traces(self) -> Traces | None:
        """What writes spans; None where no endpoint is set.

        Raises:
            NoTraces: the extra that they need is not installed.
        """
        return opened(self.settings.otlp_endpoint)

    def check(self) -> None:
        """Look whether a worker could start.

        Raises:
            NotReady: one sentence for each thing that is missing.
        """
        faults = [
            fault
            for fault in (
                self.broker_fault(),
                self.journal_fault(),
                self.roster_fault(),
                self.traces_fault(),
            )
            if fault
        ]
        if faults:
            raise NotReady("\n".join(faults))

    def broker_fault(self) -> str | None:
        """Why the broker cannot be used; None if it can."""
        try:
            self.redis.ping()
        except broker.BrokerError as error:
            return str(error)
        except RedisError as error:
            return (
                f"the broker at {self.settings.broker_shown} does not answer "
                f"({error}): start it, or set RELAY_BROKER_URL"
            )
        return None

    def journal_fault(self) -> str | None:
        """Why the journal cannot be used; None if it can."""
        try:
            missing = migrate.missing(self.engine)
            return f"the journal {missing}: {migrate.remedy(self.engine)}" if missing else None
        except journal.JournalError as error:
            return str(error)
        except SQLAlchemyError as error:
            where = _without_password(self.settings.journal)
            return (
                f"the journal at {where} does not answer ({journal.away(error)}): "
                "start it, or set RELAY_JOURNAL_URL"
            )

    def roster_fault(self) -> str | None:
        """Why the vendors cannot be used; None if they can."""
        try:
            self.roster  # noqa: B018 reading it is the check
        except (roster.RosterError, broker.BrokerError) as error:
            return str(error)
        return None

    def traces_fault(self) -> str | None:
        """Why spans cannot be written; None if they can, or are not wanted."""
        try:
            self.traces  # noqa: B018 reading it is the check
        except NoTraces as error:
            return str(error)
        return None


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"

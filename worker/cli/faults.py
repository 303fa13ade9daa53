"""What can be foreseen to fail, said in one sentence with what to do about it."""

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from config.settings import SettingsError
from worker.broker import BrokerError
from worker.deployment import NotReady
from worker.embedded.backup import BadBackup
from worker.embedded.broker import NoBroker
from worker.embedded.children import ChildDied
from worker.embedded.lock import DirectoryInUse
from worker.embedded.run import NotStarted
from worker.journal.decide import CannotDecide
from worker.journal.engine import JournalError, away
from worker.roster import RosterError


class NotDone(Exception):
    """What was asked for cannot be done as it was asked; the message says what to ask instead."""


FORESEEN = (
    NotDone,
    NotReady,
    NoBroker,
    BadBackup,
    NotStarted,
    ChildDied,
    DirectoryInUse,
    CannotDecide,
    SettingsError,
    RosterError,
    BrokerError,
    JournalError,
    RedisError,
    SQLAlchemyError,
)


def sentence(fault: Exception) -> str:
    """The fault in words; those of libraries get a hint that they lack."""
    match fault:
        case RedisError():
            return f"the broker does not answer ({fault}): start it, or set RELAY_BROKER_URL"
        case SQLAlchemyError():
            return f"the journal failed ({away(fault)}): see `chargerelay doctor`"
        case _:
            return str(fault)

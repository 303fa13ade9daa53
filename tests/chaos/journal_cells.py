"""The journal's database killed, cut off in the middle of a commit, and out of disk."""

import time

from tests.chaos.cell import BOTH, Cell
from tests.chaos.proxy import ANSWERED, ASKED, Link
from tests.chaos.servers import until
from tests.chaos.stage import Stage

GROUP = "journal"
BACK_WITHIN_S = 10.0
POSTGRES = ("postgresql",)
CUTS = 12


def killed_under_load(stage: Stage) -> None:
    """SIGKILL to the server and all its processes; started again, it recovers."""
    stage.begin()
    stage.slow_vendors(20)
    stage.producer.publish(stage.size)
    until(stage.sending, "delivery is under way")
    server = stage.server
    assert server is not None
    server.kill()
    stage.producer.publish(stage.size)
    time.sleep(1)
    server.start()
    stage.healed()


def cut(stage: Stage) -> None:
    """All connections cut, again and again, under load: transactions end anywhere."""
    stage.begin()
    stage.slow_vendors(20)
    stage.producer.publish(stage.size)
    assert stage.journal_line is not None
    for _ in range(CUTS):
        time.sleep(0.2)
        stage.journal_line.cut()
    stage.healed()
    stage.producer.publish(stage.size)


class LostCommit:
    """Lets a transaction's COMMIT through, swallows the answer, and cuts: a failover.

    PostgreSQL has committed; whoever asked cannot know.
    """

    def __init__(self, marks: bytes, times: int = 2) -> None:
        self.left = times
        self._marks = marks
        self._waiting: set[Link] = set()

    def __call__(self, link: Link, way: str, chunk: bytes) -> bool:
        """Watch one chunk; False swallows it."""
        if way == ASKED:
            link.talk = chunk if b"BEGIN" in chunk else link.talk + chunk
            if b"COMMIT" in chunk and self._marks in link.talk and self.left:
                self.left -= 1
                self._waiting.add(link)
            return True
        if way == ANSWERED and link in self._waiting:
            self._waiting.discard(link)
            link.cut()
            return False
        return True


def _commit_lost(marks: bytes, stage: Stage) -> None:
    stage.begin()
    assert stage.journal_line is not None
    lost = LostCommit(marks)
    stage.journal_line.watch = lost
    stage.producer.publish(stage.size)
    until(lambda: not lost.left, "the answers to both commits are lost")
    stage.healed()


def accept_commit_lost(stage: Stage) -> None:
    """The batch is in the journal; the intake does not know and offers it again."""
    _commit_lost(b"INSERT INTO intake_batch", stage)


def claim_commit_lost(stage: Stage) -> None:
    """The reports are leased; the worker does not know, and gives back what it has not sent."""
    _commit_lost(b"UPDATE report SET state=", stage)


def settle_commit_lost(stage: Stage) -> None:
    """The outcomes are written; the worker does not know and writes them again."""
    _commit_lost(b"INSERT INTO attempt ", stage)


def disk_full(stage: Stage) -> None:
    """Not a byte left under load; later somebody makes room."""
    stage.begin()
    stage.slow_vendors(20)
    stage.producer.publish(stage.size)
    until(stage.sending, "delivery is under way")
    assert stage.disk is not None
    stage.disk.fill()
    stage.producer.publish(stage.size)
    until(lambda: "the journal" in stage.relay.log(), "the worker has noticed")
    time.sleep(2)
    stage.disk.make_room()
    if stage.server is not None and not stage.server.answers():
        stage.notes.append("PostgreSQL had stopped itself and was started again")
        stage.server.start()
    stage.healed()


CELLS = [
    Cell("SIGKILL under load, restart", GROUP, killed_under_load, BACK_WITHIN_S, POSTGRES),
    Cell("connections cut", GROUP, cut, BACK_WITHIN_S, POSTGRES, doubts=True),
    Cell("connection lost in accept's commit", GROUP, accept_commit_lost, BACK_WITHIN_S, POSTGRES),
    Cell("connection lost in claim's commit", GROUP, claim_commit_lost, BACK_WITHIN_S, POSTGRES),
    Cell("connection lost in settle's commit", GROUP, settle_commit_lost, BACK_WITHIN_S, POSTGRES),
    Cell("disk full", GROUP, disk_full, BACK_WITHIN_S, BOTH, disk=True),
]

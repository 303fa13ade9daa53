"""The intake as a bootstep of the Celery worker."""

import socket
import sys
from collections.abc import Collection
from typing import Any

from celery import bootsteps
from redis.exceptions import RedisError

from worker import exposition
from worker.deployment import NotReady
from worker.events import Kind
from worker.intake.keeper import Intake
from worker.process import Process
from worker.standstill import Watch
from worker.vital import Vital
from worker.wake import CLOCK, DELIVER, URGENT

LOOKS = 6  # at health, before standing still is a fault


class IntakeStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Runs the intake beside Celery's own consumer; refuses to start what could not work."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: object) -> None:  # noqa: ANN401 Celery has no types
        super().__init__(worker, **kwargs)
        self._intake: Intake | None = None
        self._vital: Vital | None = None
        self._exposition: exposition.Exposition | None = None

    def start(self, worker: Any) -> None:  # noqa: ANN401 Celery has no types
        """Check the deployment, then begin to take."""
        stolen = set(worker.app.amqp.queues.consume_from) & {kind.value for kind in Kind}
        if stolen:
            sys.exit(
                f"chargerelay: -Q names {', '.join(sorted(stolen))}; those queues are read by the "
                "intake, a Celery consumer would lose what it cannot read"
            )
        mine: Process = worker.app.relay.current()
        consumed = set(worker.app.amqp.queues.consume_from)
        try:
            mine.deployment.check()
            self._exposition = exposition.of(mine.deployment, looks=CLOCK in consumed)
            self._exposition.start()
        except NotReady as error:
            sys.exit(f"chargerelay: {error}")
        try:
            self._intake = _intake(mine, worker.hostname or socket.gethostname())
        except RedisError as error:
            sys.exit(f"chargerelay: the broker went away while this worker started ({error})")
        self._intake.start()
        self._vital = Vital(
            mine.deployment.settings.data_dir,
            worker.hostname or socket.gethostname(),
            _watch(mine, consumed).faults,
            every_s=mine.deployment.settings.stall_s / LOOKS,
        )
        self._vital.start()

    def stop(self, worker: Any) -> None:  # noqa: ANN401 Celery has no types
        """Take no more."""
        if self._vital is not None:
            self._vital.stop()
        if self._intake is not None:
            self._intake.stop()
        if self._exposition is not None:
            self._exposition.stop()


def _intake(mine: Process, node: str) -> Intake:
    return Intake(
        mine.deployment.settings,
        node,
        mine.deployment.redis,
        mine.deployment.engine,
        mine.courier.roster.route,
        mine.courier.roster.tell_all(),
        mine.courier.wake,
        clock=mine.deployment.clock,
        traces=mine.deployment.traces,
    )


def _watch(mine: Process, consumed: Collection[str]) -> Watch:
    """What this worker answers for: the queues that it takes from, the lanes it is woken for."""
    parts = mine.deployment
    return Watch(
        parts.engine,
        parts.redis,
        mine.courier.roster,
        mine.courier.policies,
        stall_s=parts.settings.stall_s,
        queues=[Kind(name) for name in parts.settings.intake_kinds],
        urgent=[urgent for urgent in (True, False) if (URGENT if urgent else DELIVER) in consumed],
        clock=parts.clock,
    )

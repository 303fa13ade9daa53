"""The Celery app: its queues, its timetable and its settings, each with its reason.

Celery hosts the intake, runs the delivery tasks, keeps the clock and is seen by Flower. It does
not read the producers' queues, and it does not retry: the journal does both.
"""

import gc
import os
import sys
from datetime import timedelta

from celery import Celery, signals
from kombu.entity import Exchange, Queue
from kombu.exceptions import OperationalError

from config import logs
from config import settings as configuration
from worker.events import Kind
from worker.flower import VeiledEvents, VeiledMessages, tame
from worker.intake.read import TASKS
from worker.intake.step import IntakeStep
from worker.journal import history
from worker.process import Processes
from worker.sentinels import asking
from worker.wake import CLOCK, DELIVER, URGENT

CLOCKED = ("replay", "poll", "reconcile", "prune", "history")

APART_S = 900  # as far as two machines' clocks may be apart

try:
    settings = configuration.load()
except configuration.SettingsError as fault:
    sys.exit(f"chargerelay: {fault}")

tame(settings.flower_login.get_secret_value(), os.environ)

# With these kombu goes wherever the master is; a single server needs none.
sentinel_options = {
    "master_name": settings.broker_master,
    "sentinel_kwargs": asking(settings.broker_sentinel_password),
}

app = Celery(
    "chargerelay",
    include=[
        "tasks.events",
        "tasks.deliver",
        "tasks.replay",
        "tasks.poll",
        "tasks.reconcile",
        "tasks.prune",
        "tasks.history",
    ],
    amqp=VeiledMessages,
    events=VeiledEvents,
)
app.conf.update(
    broker_url=settings.broker,
    broker_connection_retry_on_startup=True,
    # A worker outlives any outage of the broker; by default it ends after 100 tries.
    broker_connection_max_retries=None,
    # Nor does it end of what a server says while it changes its role: UNBLOCKED, NOREPLICAS.
    broker_channel_error_retry=True,
    broker_transport_options={
        # Celery's messages are wake-ups; one that gets lost is rung again by the sweep. Keeping
        # book of them in Redis ends workers: when it is full (celery#5716), when it goes away
        # (celery#10205).
        "ack_emulation": False,
        "priority_steps": [0],  # one BRPOP key per queue in place of four
        "queue_order_strategy": "round_robin",
        "global_keyprefix": "",  # not every command gets a prefix
        "max_connections": 150,  # the default of 10 raises under load (redis-py#2517)
        "socket_timeout": 30,  # without it a dead connection is waited on for ever (celery#2606)
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 10,  # a subscription that died silently is seen (celery#10502)
    }
    | (sentinel_options if settings.broker_sentinels else {}),
    # Each with an exchange and a key of its own: on a shared one every message reaches all three.
    task_queues=[Queue(name, Exchange(name), name) for name in (DELIVER, URGENT, CLOCK)],
    task_default_queue=DELIVER,
    # Exact names: what a producer sends goes to the list that the intake reads.
    task_routes={task: {"queue": kind.value} for kind, task in TASKS.items()}
    | {f"tasks.{module}.*": {"queue": CLOCK} for module in CLOCKED},
    task_serializer="json",
    accept_content=["json"],
    result_backend=None,
    task_ignore_result=True,  # the journal holds the results
    task_acks_late=False,  # a lane drains for hours: a late ack would hand it out again (kombu#337)
    worker_prefetch_multiplier=1,
    worker_enable_prefetch_count_reduction=False,
    # Threads cannot be cancelled (celery#10490).
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_hijack_root_logger=False,
    task_send_sent_event=False,
    timezone="UTC",
    enable_utc=True,  # intervals in UTC: no daylight saving to trip over (celery#10107)
    beat_scheduler="worker.beat:LivingScheduler",
    beat_schedule_filename=str(settings.data_dir / "celerybeat-schedule"),
    beat_schedule={
        # Each expires, so that they do not pile up while no worker runs; not sooner, since a worker
        # whose clock is ahead of beat's by more than that would run none of them.
        "sweep": {
            "task": "tasks.replay.sweep",
            "schedule": timedelta(seconds=settings.sweep_s),
            "options": {"expires": APART_S},
        },
        "refresh": {
            "task": "tasks.replay.refresh",
            "schedule": timedelta(seconds=30),
            "options": {"expires": APART_S},
        },
        "callbacks": {
            "task": "tasks.replay.callbacks",
            "schedule": timedelta(seconds=2 * settings.sweep_s),
            "options": {"expires": APART_S},
        },
        "history": {
            "task": "tasks.history.look",
            "schedule": timedelta(seconds=history.EVERY_S),
            "options": {"expires": APART_S},
        },
        "poll": {
            "task": "tasks.poll.poll",
            "schedule": timedelta(seconds=3),
            "options": {"expires": APART_S},
        },
        "reconcile": {
            "task": "tasks.reconcile.reconcile",
            "schedule": timedelta(minutes=10),
            "options": {"expires": 300},
        },
        "prune": {
            "task": "tasks.prune.prune",
            "schedule": timedelta(minutes=10),
            "options": {"expires": 300},
        },
    },
)


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _configure_logging(**_: object) -> None:
    logs.configure(settings.log_level, settings.log_format)


@signals.beat_init.connect  # type: ignore[untyped-decorator]
def _make_room(**_: object) -> None:
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)


def ring(vendor: str, kind: Kind) -> None:
    """Send the wake-up of a lane.

    Raises:
        ConnectionError: the broker is away.
    """
    queue = URGENT if kind is Kind.SAFETY_WARNING else DELIVER
    try:
        app.send_task(
            "tasks.deliver",
            args=[vendor, kind.value],
            queue=queue,
            retry=False,
            shadow=f"deliver: {vendor} {kind.value}",  # the name that Flower shows
        )
    except OperationalError as error:
        raise ConnectionError(str(error)) from error


processes = Processes(settings, ring)
app.relay = processes  # where the bootstep finds it
app.steps["worker"].add(IntakeStep)


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def _keep_what_is_loaded(**_: object) -> None:
    gc.collect()
    gc.freeze()  # a tenth of the time went into looking through modules for garbage


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop_delivery(**_: object) -> None:
    processes.current().courier.stop()

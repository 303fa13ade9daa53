"""The Celery settings that its users choose so that no task is lost: late acks, no results."""

import os

from celery import Celery


def make() -> Celery:
    """An app on the benchmark's broker."""
    app = Celery("peer", broker=os.environ.get("BENCH_BROKER_URL"))
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        worker_prefetch_multiplier=4,
        broker_connection_retry_on_startup=True,
    )
    return app

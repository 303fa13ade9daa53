"""Running the callback server until it is told to stop."""

import signal
import sys
from functools import partial

import uvicorn
from fastapi import FastAPI

from config import logs
from config.settings import Settings
from worker import exposition
from worker.arriving import publish_due
from worker.callbacks.app import create_app
from worker.callbacks.door import Door
from worker.console import site
from worker.deployment import Deployment, NotReady
from worker.policies import policies
from worker.standstill import Watch

MOST_AT_ONCE = 500
STOP_WITHIN_S = 10


def application(parts: Deployment) -> FastAPI:
    """The server's application on the parts of a deployment.

    Raises:
        NotReady: the journal or the vendors file cannot be used.
    """
    settings = parts.settings
    faults = [fault for fault in (parts.journal_fault(), parts.roster_fault()) if fault]
    if faults:
        raise NotReady("\n".join(faults))
    door = Door(parts.engine, parts.roster.vendors, settings)
    publish = partial(_publish, parts)
    watch = Watch(
        parts.engine,
        parts.redis,
        parts.roster,
        policies(settings),
        stall_s=settings.stall_s,
        clock=parts.clock,
    )
    app = create_app(door, publish, parts.journal_fault, watch.faults)
    site.mount(app, parts, watch.faults)
    return app


def serve(settings: Settings) -> None:
    """Answer callbacks until SIGTERM or Ctrl-C; those under way are answered first.

    Raises:
        NotReady: the journal, the vendors file or the port of the metrics cannot be used.
    """
    logs.configure(settings.log_level, settings.log_format)
    parts = Deployment(settings)
    config = uvicorn.Config(
        application(parts),
        host=settings.callbacks_host,
        port=settings.callbacks_port,
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    signal.signal(signal.SIGTERM, _end)  # uvicorn raises it again once everybody is answered
    page = exposition.of(parts, looks=True)
    page.start()
    try:
        uvicorn.Server(config).run()
    finally:
        page.stop()


def _end(_signal: int, _frame: object) -> None:
    sys.exit()


def _publish(parts: Deployment) -> int:
    return publish_due(parts.engine, parts.redis, parts.clock())

"""The page that Prometheus scrapes: a port of its own, which no vendor is ever told."""

import logging
from collections.abc import Sequence
from functools import partial
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from worker import metrics
from worker.deployment import Deployment, NotReady
from worker.gauges import Gauges, broker, journal
from worker.journal.measures import measure
from worker.policies import policies

log = logging.getLogger(__name__)


class Exposition:
    """Serves from threads of its own; they end with the process, whatever they are at."""

    def __init__(self, host: str, port: int, *collectors: Collector) -> None:
        """Serve this process's own numbers, and those of the collectors; nothing at port 0."""
        self._host = host
        self._port = port
        self._registry = CollectorRegistry()
        for collector in (metrics.REGISTRY, *collectors):
            self._registry.register(collector)
        self._serving: tuple[WSGIServer, Thread] | None = None

    def start(self) -> None:
        """Begin to serve.

        Raises:
            NotReady: the port cannot be had.
        """
        if not self._port:
            return
        try:
            self._serving = start_http_server(self._port, self._host, self._registry)
        except OSError as error:
            raise NotReady(
                f"metrics cannot be served on {self._host}:{self._port} ({error.strerror}): set "
                "RELAY_METRICS_PORT to another port for each process of this machine"
            ) from None
        log.info("metrics are at http://%s:%d/metrics", self._host, self._port)

    def stop(self) -> None:
        """Serve no more."""
        if self._serving is not None:
            server, thread = self._serving
            server.shutdown()
            server.server_close()
            thread.join()


def of(parts: Deployment, *, looks: bool) -> Exposition:
    """The page that a deployment's settings ask for.

    Args:
        parts: of this process.
        looks: also at the journal and the broker, which are the same from every process.
    """
    settings = parts.settings
    collectors = [gauges(parts)] if looks else []
    return Exposition(settings.metrics_host, settings.metrics_port, *collectors)


def gauges(parts: Deployment) -> Gauges:
    """Looks at the journal and the broker of a deployment."""
    return Gauges(
        {"journal": partial(_journal, parts), "broker": lambda: broker.families(parts.redis)},
        within_s=parts.settings.metrics_within_s,
    )


def _journal(parts: Deployment) -> Sequence[Metric]:
    urgent = [kind for kind, policy in policies(parts.settings).items() if policy.urgent]
    found = measure(parts.engine, urgent, within_s=parts.settings.metrics_within_s)
    return journal.families(found, parts.roster.lanes(), urgent, parts.clock())

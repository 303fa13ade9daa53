"""A Celery worker that pushes one record a task, with requests and autoretry."""

import sys

import requests

from benchmarks.peers import celery_app, gate
from benchmarks.peers.given import offered, record

app = celery_app.make()


@app.task(  # type: ignore[untyped-decorator]
    name="peer.push",
    autoretry_for=(requests.RequestException,),
    retry_backoff=True,
    max_retries=None,
)
def push(event: dict[str, str]) -> None:
    """Tell the gate about one record."""
    gate.push_once(event)


if __name__ == "__main__":
    for number in offered(sys.argv[1:]):
        push.delay(record(number))

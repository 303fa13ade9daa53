"""A Celery worker that tells a city's platform one status a task."""

import os
import sys
import threading

import requests

from benchmarks.peers import celery_app
from benchmarks.peers.gate import TIMEOUT_S, session
from benchmarks.peers.given import offered, status
from benchmarks.peers.signing import headers, metering

PATH = "/platform/report/chargingMetaInfo"
TOKEN_PATH = "/platform/management/operatorAPIToken"
app = celery_app.make()
_url = os.environ.get("BENCH_URL", "")
_lock = threading.Lock()
_token: list[str] = []


@app.task(  # type: ignore[untyped-decorator]
    name="peer.tell",
    autoretry_for=(requests.RequestException,),
    retry_backoff=True,
    max_retries=None,
)
def tell(event: dict[str, object]) -> None:
    """Tell the platform about one status."""
    body, signature = metering(event), headers(_shared_token())
    answer = session().post(_url + PATH, json=body, headers=signature, timeout=TIMEOUT_S)
    answer.raise_for_status()
    if answer.json()["status"] != 200:
        raise requests.RequestException(answer.text)


def _shared_token() -> str:
    with _lock:
        if not _token:
            answer = session().get(_url + TOKEN_PATH, headers=headers(), timeout=TIMEOUT_S)
            _token.append(str(answer.json()["data"]))
    return _token[0]


if __name__ == "__main__":
    for number in offered(sys.argv[1:]):
        tell.delay(status(number))

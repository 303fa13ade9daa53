"""The push of one record with requests, each order once: what the peers with threads share."""

import os
import threading
from collections.abc import Mapping

import requests
from redis import Redis

from benchmarks.peers.signing import signed

REMEMBERED_S = 86_400
TIMEOUT_S = 10
_local = threading.local()
_url = os.environ.get("BENCH_URL", "")
_redis = Redis.from_url(os.environ.get("BENCH_BROKER_URL", "redis://127.0.0.1"))


def push_once(event: Mapping[str, str]) -> None:
    """Tell the gate about a record, unless it was told already.

    Raises:
        requests.RequestException: not told; to be tried again.
    """
    key = f"pushed:{event['orderNo']}"
    if not _redis.set(key, 1, nx=True, ex=REMEMBERED_S):
        return
    try:
        push(event)
    except requests.RequestException:
        _redis.delete(key)
        raise


def push(event: Mapping[str, str]) -> None:
    """Tell the gate about a record.

    Raises:
        requests.RequestException: not told; to be tried again.
    """
    answer = session().post(_url, json=signed(event), timeout=TIMEOUT_S)
    answer.raise_for_status()
    if answer.json()["result"] != 0:
        raise requests.RequestException(answer.text)


def session() -> requests.Session:
    """This thread's."""
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
        _local.session.trust_env = False
    found: requests.Session = _local.session
    return found

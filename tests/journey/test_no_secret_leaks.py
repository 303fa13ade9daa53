"""Every system at work with secrets that no other text holds; then everything that is kept is read.

The secrets hold HIDDEN; tokens and AppKeys are read from the broker that the workers share.
"""

import base64
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from redis import Redis
from sqlalchemy import inspect, text

from tests.journey.relay import CELERY, ROOT, WORKER, Relay, record, status, until
from tests.sandbox import certificates
from tests.sandbox.callers import Control, listening_url
from worker.journal.engine import reading

TOKEN = "HIDDEN-callback-token-longer-than-a-name-that-is-kept-0123456789-0123456789"
APP_KEY = "HIDDEN0key0of0the0app00000000000"
LOGIN = "HIDDEN-login"
PLAYED: Mapping[str, Mapping[str, object]] = {
    "city-platform": {"system": "charging_station", "secret": "HIDDEN-secret"},
    "mall-garage": {"system": "parkpot", "key": "HIDDEN-key"},
    "own-piles": {"system": "pile_admin", "password": "HIDDEN-password"},
    "pile-cloud": {"system": "wanzhuang", "app_secret": "HIDDEN-app-secret"},
    "car-maker": {"system": "sgm_info4", "access_token": "HIDDEN-access", "app_key": APP_KEY},
}
OWN: Mapping[str, str] = {
    "city-platform": """operator_id = "395815801"\nsecret = "HIDDEN-secret"
        risk_url = "{url}/city-platform/risk" """,
    "mall-garage": """port_name = "acme"\npark_id = "3302122004"\nkey = "HIDDEN-key" """,
    "own-piles": """username = "admin"\npassword = "HIDDEN-password"\npiles = {"C-001" = 1}""",
    "pile-cloud": f"""app_id = "app-1"\napp_secret = "HIDDEN-app-secret"
        sign_scheme = "md5_sorted_key"\noperator_id = "395815801"\npoll_s = 0.5
        devices = ["18000001"]\ncallback_token = "{TOKEN}" """,
    "car-maker": """app_id = "0lsQoWek"\nidp_user_id = "idp-1"\nbrand_id = "1"
        access_token = "HIDDEN-access"\napp_key_url = "{tls}/car-maker"
        ca_file = "{papers}/server.pem"\nclient_cert = "{papers}/client.pem"
        client_key = "{papers}/client.key" """,
}
LISTINGS = (
    *("reports", "events", "attempts", "rejects", "conflicts", "failed-reports", "lanes"),
    *("reconciliations", "audit", "vendors", "doctor"),
)
CALLS = (
    ("city-platform", "list-records", {"pageIndex": 1, "pageSize": 10}),
    ("pile-cloud", "device-state", {"deviceNum": "18000001"}),
    ("own-piles", "status-get", {}),
    ("car-maker", "query-reservation", {"preNum": "P-1"}),
)
PLATES = ("A12345", "AD12345")


@pytest.fixture
def places(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A sandbox that knows these secrets, on both of its ports."""
    for name in ("server", "client"):
        certificates.make(tmp_path, name)
    config = tmp_path / "sandbox.json"
    config.write_text(json.dumps({"vendors": PLAYED}))
    tls = ("--tls-port", "0", "--tls-cert", tmp_path / "server.pem")
    tls = (*tls, "--tls-key", tmp_path / "server.key", "--tls-client-ca", tmp_path / "client.pem")
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--config", config, *tls]
    process = subprocess.Popen(
        [str(word) for word in command], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    url = listening_url(process)
    assert process.stdout is not None
    secure = process.stdout.readline().removeprefix("sandbox listening on ").strip()
    yield {"url": url, "tls": secure, "papers": str(tmp_path)}
    process.terminate()
    process.communicate()


@pytest.fixture
def relay(
    tmp_path: Path, valkey_url: str, sqlite_url: str, places: dict[str, str]
) -> Iterator[Relay]:
    """All its processes; they log all that they can, and tell Flower."""
    relay = Relay(tmp_path, valkey_url, sqlite_url, {})
    tables = []
    for name, own in OWN.items():
        base = places["url"].replace("://", f"://relay:{LOGIN}@")
        tables += [f"[vendors.{name}]", f'system = "{PLAYED[name]["system"]}"']
        tables += [f'base_url = "{base}/{name}"', "private_address = true", own]
    written = "\n".join(tables)
    for name, place in places.items():
        written = written.replace(f"{{{name}}}", place)
    (tmp_path / "vendors.toml").write_text(written)
    relay.environment["RELAY_LOG_LEVEL"] = "DEBUG"
    yield relay
    relay.close()


@pytest.fixture
def shown(redis: Redis) -> Iterator[list[str]]:
    """What Flower is sent."""
    told: list[str] = []
    with redis.pubsub() as listening:
        listening.psubscribe(**{"*celeryev*": lambda message: told.append(_event(message))})
        thread = listening.run_in_thread(sleep_time=0.1, daemon=True)
        yield told
        thread.stop()
        thread.join(10)


def _event(message: Mapping[str, Any]) -> str:
    return base64.b64decode(json.loads(message["data"])["body"]).decode()


def _work(relay: Relay, places: dict[str, str]) -> None:
    """Every kind to every vendor, with tokens that expire and answers that repeat secrets."""
    for name, told in PLAYED.items():
        control = Control(places["url"], name)
        ours = [str(value) for key, value in told.items() if key != "app_key"]
        said = f"{' '.join(ours)} does not fit"
        repeated = {"message": said, "msg": said, "description": said, "resultMessage": said}
        body = {"status": 500, "code": 500, "result": 1, "resultCode": "9999", **repeated}
        control.fault("answer", body=body, times=4)
        if name in ("city-platform", "own-piles"):
            control.fault("expired_token", times=1)
        control.session.close()
    warning = {"warningId": "W-1", "riskLevel": "high", "occurredAt": "2026-11-20 10:00:00"}
    relay.publish("charge-record", *(record(n, preNum=f"P-{n}") for n in range(1, 4)))
    relay.publish("charge-record", record(9, plateNo="沪AD12345", power="much"))
    relay.publish("connector-status", status(1, 1, 255, preNum="P-9"))
    relay.publish("safety-warning", {**warning, "connectorId": "C-001"})
    relay.publish("charge-record", b'{"plateNo": "\xe6\xb2\xaaA12345", "orderNo": ')
    until(lambda: relay.count("attempt") > 8 and relay.count("reject") > 1, "there are attempts")


def _callbacks(address: str) -> None:
    """Right and wrong tokens, in the path, in the query, and in the callback's own place."""
    begun = {"device_num": "18000001", "device_port": "1", "charge_id": "1"}
    for path in (f"{TOKEN}/start-power", f"start-power?token={TOKEN}", TOKEN, f"{TOKEN}/nothing"):
        requests.post(f"{address}/callbacks/pile-cloud/{path}", data=begun, timeout=30)
        requests.get(f"{address}/callbacks/pile-cloud/{path}", params=begun, timeout=30)
    headers = {"Signature": "HIDDEN", "Token": "HIDDEN", "Authorization": "Bearer HIDDEN"}
    requests.post(f"{address}/callbacks/city-platform/cell-risk", headers=headers, timeout=30)


def _kept(relay: Relay) -> dict[str, str]:
    """Everything that a person could read later, by where it stands."""
    found = {path.name: path.read_text() for path in relay.folder.glob("*.log")}
    with reading(relay.engine) as connection:
        for table in inspect(relay.engine).get_table_names():
            rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()
            found[table] = repr([tuple(row) for row in rows])
    for listing in LISTINGS:
        ended = relay.run_alone(listing, "--json")
        found[f"chargerelay {listing}"] = ended.stdout + ended.stderr
    log = relay.run_alone("callbacks", "log", "--json")
    return found | {"chargerelay callbacks log": log.stdout + log.stderr}


def test_no_secret_is_found_in_anything_that_is_kept_or_shown(
    relay: Relay, places: dict[str, str], shown: list[str]
) -> None:
    bomb = relay.folder / "exploded"
    relay.start(*CELERY, *WORKER, "-E", "-n", "one@test", log="one", RELAY_LOG_FORMAT="json")
    relay.start_beat()
    address = relay.start_callbacks()
    _explode(relay, bomb)
    _work(relay, places)
    _callbacks(address)
    for vendor, operation, arguments in CALLS:
        ended = relay.run_alone(
            "call", vendor, operation, "--with", json.dumps(arguments), "--show"
        )
        assert "HIDDEN" not in ended.stdout + ended.stderr
    relay.run_alone("pause", "own-piles", "--why", "their maintenance")
    tokens = [relay.redis.get(key) for key in relay.redis.keys("relay:token:*")]
    assert len(tokens) == 3
    secrets = ["HIDDEN", *(token.decode() for token in tokens if isinstance(token, bytes))]

    kept = _kept(relay)
    until(lambda: any("task-received" in event for event in shown), "Flower is told")
    kept["Flower"] = "\n".join(shown)
    assert {"one.log", "callbacks.log", "attempt", "chargerelay attempts", "audit"} <= set(kept)
    assert [(w, s) for w, text in kept.items() for s in secrets if s in text] == []
    for where in ("one.log", "callbacks.log", "beat.log", "Flower"):
        assert not [plate for plate in PLATES if plate in kept[where]], where
    assert "沪A12345" in kept["attempt"]  # a person has to see what was told
    assert not bomb.exists()


class Bomb:
    """What a message in Python's own format could do to whoever opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def _explode(relay: Relay, path: Path) -> None:
    """Offer it to the queues of the intake and to those of Celery."""
    body = base64.b64encode(pickle.dumps([[Bomb(path)], {}, {}])).decode()
    for queue, task in (
        ("charge-record", "tasks.charge_record"),
        ("relay.deliver", "tasks.deliver"),
    ):
        envelope = {
            "body": body,
            "content-type": "application/x-python-serialize",
            "content-encoding": "binary",
            "headers": {"task": task, "id": "1", "lang": "py"},
            "properties": {
                "body_encoding": "base64",
                "delivery_tag": "1",
                "delivery_info": {"exchange": "", "routing_key": queue},
            },
        }
        relay.publish(queue, envelope)

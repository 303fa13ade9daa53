import requests

from tests.journey.relay import Relay, record, until
from worker.journal.engine import writing

STALL_S = "1.5"


def health(relay: Relay) -> str:
    """What the worker's file says; empty while there is none."""
    files = list((relay.folder / "health").glob("one@*"))
    return files[0].read_text("utf-8") if files else ""


def test_a_worker_that_lives_and_takes_nothing_says_so_and_is_well_again_afterwards(
    relay: Relay,
) -> None:
    relay.environment["RELAY_STALL_S"] = STALL_S
    relay.run("migrate")
    address = relay.start_callbacks()
    relay.start_worker()
    relay.start_beat()
    until(lambda: health(relay) == "ok\n", "the worker is well")

    with writing(relay.engine) as connection:  # the journal is held: nothing can be accepted
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("LOCK TABLE intake_batch IN ACCESS EXCLUSIVE MODE")
        relay.publish("charge-record", record(1))
        until(lambda: "charge-record: 1 items wait" in health(relay), "the worker says so")
        until(
            lambda: "charge-record: 1 items wait" in requests.get(f"{address}/healthz").text,
            "the callback server says the same",
        )
        assert requests.get(f"{address}/healthz").status_code == 503
        doctor = relay.run("doctor")
        assert doctor.returncode == 1
        assert "charge-record: 1 items wait, and none was taken in" in doctor.stdout

    until(lambda: health(relay) == "ok\n", "the worker is well again")
    relay.settle()
    assert requests.get(f"{address}/healthz").json() == {"status": "ok"}


def test_reports_that_no_worker_delivers_are_said_by_a_worker_that_should(relay: Relay) -> None:
    relay.environment["RELAY_STALL_S"] = STALL_S
    relay.run("migrate")
    relay.publish("charge-record", record(1))
    # It takes, and is woken for nothing: as if Celery's consumer stood still.
    relay.start_worker("one", RELAY_SWEEP_S="1")
    until(lambda: relay.count("event") == 1, "the event is taken in")
    relay.settle()
    relay.run("pause", "mall-garage")
    relay.publish("charge-record", record(2))
    until(lambda: relay.count("event") == 2, "the second one is taken in")
    relay.redis.delete("relay.deliver")
    relay.run("resume", "mall-garage")
    until(
        lambda: "mall-garage charge-record: reports are due" in health(relay),
        "the worker says that nobody delivers",
    )

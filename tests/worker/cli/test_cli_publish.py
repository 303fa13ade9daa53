import json
from pathlib import Path

import pytest
from redis import Redis

from tests.worker.cli.conftest import Run
from tests.worker.rows import record, status, warning
from worker.producer import PIPELINED


def lines(*items: object) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def published(redis: Redis, queue: str) -> list[dict[str, object]]:
    """In the order in which they will be taken."""
    return [json.loads(item) for item in reversed(redis.lrange(queue, 0, -1))]


def events() -> list[dict[str, object]]:
    return [
        {"kind": "charge-record", **record("R1")},
        {"kind": "connector-status", **status("C1", 1)},
        {"kind": "charge-record", **record("R2")},
    ]


@pytest.mark.usefixtures("with_broker")
def test_events_are_published_by_kind_in_their_order(
    run: Run, redis: Redis, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(lines(*events()))
    ended = run("publish", path)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "published 2 charge-record, 1 connector-status\n"
    assert published(redis, "charge-record") == [record("R1"), record("R2")]
    assert published(redis, "connector-status") == [status("C1", 1)]


@pytest.mark.usefixtures("with_broker")
def test_the_order_is_kept_over_many_batches(run: Run, redis: Redis) -> None:
    many = 2 * PIPELINED + 10
    run("publish", "-", stdin=lines(*({"kind": "charge-record", "n": n} for n in range(many))))
    assert [item["n"] for item in published(redis, "charge-record")] == list(range(many))


@pytest.mark.usefixtures("with_broker")
def test_lines_without_a_kind_take_the_one_that_is_given(run: Run, redis: Redis) -> None:
    given = lines(warning("W1"), {"kind": "charge-record", **record("R1")})
    assert run("publish", "-", "--kind", "safety-warning", stdin=given).code == 0
    assert published(redis, "safety-warning") == [warning("W1")]
    assert published(redis, "charge-record") == [record("R1")]


@pytest.mark.usefixtures("with_broker")
@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"{", "not JSON"),
        (b"[]", "expected a JSON object"),
        (b'{"orderNo": "R1"}', "no kind; expected one of connector-status"),
        (b'{"kind": "chargerecord"}', "kind chargerecord; expected one of"),
        (b'{"kind": ["charge-record"]}', "expected one of"),
        (b'{"kind": "charge-record", "plateNo": "\xff"}', "not UTF-8 at byte"),
        (b'{"kind": "charge-record", "plateNo": "\\ud83d"}', "half a surrogate pair"),
        (b'{"kind": "charge-record", "power": NaN}', "not JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_good_ones_are_published(
    run: Run, redis: Redis, tmp_path: Path, bad: bytes, why: str
) -> None:
    first, *others = events()
    path = tmp_path / "events.jsonl"
    path.write_bytes(lines(first) + b"\n" + bad + b"\n" + lines(*others))
    ended = run("publish", path)
    assert ended.code == 1
    assert ended.err.startswith(f"{path}:3: ")
    assert why in ended.err
    assert ended.out.endswith("; at fault: 1 line\n")
    assert redis.llen("charge-record") == 2


def test_a_check_reads_as_the_intake_would_and_publishes_nothing(run: Run) -> None:
    late = {"kind": "connector-status", **status("C1", 1), "updateTime": "2099-01-01 00:00:00"}
    given = lines(*events(), {"kind": "charge-record", "orderNo": "R3"}, late)
    ended = run("publish", "-", "--check", stdin=given)
    assert ended.code == 1
    assert "-:4: stationId: Field required; startTime: " in ended.err
    assert "-:5: updateTime: 2098-12-31T16" in ended.err
    assert ended.out.startswith("fit to be published: 2 charge-record, 1 connector-status")


def test_a_check_of_good_lines_needs_no_broker(run: Run) -> None:
    ended = run("publish", "-", "--check", stdin=b"\xef\xbb\xbf" + lines(*events()))
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.usefixtures("with_broker")
def test_a_file_that_cannot_be_read_is_one_sentence(run: Run, tmp_path: Path) -> None:
    missing = tmp_path / "none.jsonl"
    ended = run("publish", missing)
    expected = f"chargerelay: {missing} cannot be read: No such file or directory\n"
    assert (ended.code, ended.err) == (1, expected)
    assert "cannot be read: Is a directory" in run("publish", tmp_path).err


@pytest.mark.usefixtures("with_broker")
def test_an_empty_file_publishes_nothing(run: Run) -> None:
    assert run("publish", "-").out == "published nothing\n"

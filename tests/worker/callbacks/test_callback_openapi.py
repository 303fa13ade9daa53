"""The OpenAPI document says all that a vendor needs, and whatever is made of it finds no 5xx."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error

from tests.worker.callbacks.platform_caller import OPERATOR_ID, Body, Platform
from tests.worker.callbacks.served import CLOUD_TOKEN, called_by_platform, make_vendors
from tests.worker.desk import Desk
from worker.callback import Content
from worker.journal import callback_tables as told

EVERY = [(v, n, c) for v, system in make_vendors().items() for n, c in system.callbacks.items()]
BOUNDED = {
    "deadline": None,
    "database": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
}
OURS = {
    "operatorId": OPERATOR_ID,
    "device_num": "18000001",
    "device_port": "1",
    "icc_id": "1",
    "updateDatetime": "2024-05-01 19:00:01",
    "platformDatetime": "2024-05-01 19:00:01",
    "time": "1714564800",
}


@dataclass
class Fuzz:
    """Sends what is made of the document; keeps the answers' HTTP statuses."""

    platform: Platform
    operations: Mapping[str, Any]
    seen: dict[str, set[int]]

    def send(self, case: Case[Any], **how: Any) -> None:  # noqa: ANN401 whatever requests sends
        answer = case.call(session=self.platform.session, **how)
        case.validate_response(answer, checks=[not_a_server_error])
        self.seen.setdefault(case.operation.label, set()).add(answer.status_code)

    def run(
        self, mode: GenerationMode, most: int, send: Callable[[Case[Any], bool], None]
    ) -> dict[str, set[int]]:
        """Send so many cases of every callback; what was answered, by callback."""
        for operation in self.operations.values():
            cases = operation.as_strategy(generation_mode=mode)
            check = given(cases, st.booleans())(send)
            settings(max_examples=most, **BOUNDED)(check)()  # type: ignore[arg-type]
        return self.seen


@pytest.fixture
def document(embedded_desk: Desk) -> Body:
    with called_by_platform(embedded_desk) as platform:
        url = f"http://127.0.0.1:{platform.port}/openapi.json"
        content: Body = platform.session.get(url).json()
        return content


@pytest.fixture
def fuzz(platform: Platform) -> Fuzz:
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{platform.port}/openapi.json")
    schema.validate()
    found: Any = schema.get_all_operations()
    every = {result.ok().path: result.ok() for result in found}
    operations = {path: every[path] for path in every if path.startswith("/callbacks/")}
    assert operations.keys() == {f"/callbacks/{vendor}/{name}" for vendor, name, _ in EVERY}
    return Fuzz(platform, operations, {})


def given_names(schema: Mapping[str, Any]) -> set[str]:
    return set(schema.get("properties", ()))


def test_the_document_names_every_argument_and_header_of_every_callback(document: Body) -> None:
    assert document["openapi"].startswith("3.1")
    for vendor, name, callback in EVERY:
        entry = document["paths"][f"/callbacks/{vendor}/{name}"]
        assert list(entry) == [callback.method.lower()]
        operation = entry[callback.method.lower()]
        assert operation["tags"] == [vendor]
        assert callback.section in operation["summary"]
        assert callback.known in operation["description"]
        assert callback.assumed in operation["description"]
        asked = {(one["in"], one["name"]) for one in operation["parameters"]}
        assert {("header", header) for header in callback.headers} <= asked
        wanted = given_names(callback.arguments.model_json_schema())
        assert wanted
        if callback.content is Content.QUERY:
            assert {("query", argument) for argument in wanted} <= asked
        else:
            [(kind, body)] = operation["requestBody"]["content"].items()
            assert kind == callback.content
            assert given_names(body["schema"]) == wanted


def test_the_document_shows_every_answer_in_the_shape_of_its_system(document: Body) -> None:
    shapes = {"city": {"status", "message"}, "cloud": {"code", "message", "timestamp"}}
    for vendor, name, callback in EVERY:
        operation = document["paths"][f"/callbacks/{vendor}/{name}"][callback.method.lower()]
        statuses = {"200", "400", "401", "403", "404", "405", "408", "409", "413", "415", "503"}
        assert statuses <= operation["responses"].keys()
        for status in statuses:
            example = operation["responses"][status]["content"]["application/json"]["example"]
            assert shapes[vendor] <= example.keys()


def test_unsigned_calls_made_of_the_document_find_no_5xx(desk: Desk, fuzz: Fuzz) -> None:
    def send(case: Case[Any], _: bool) -> None:
        fuzz.send(case)

    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        seen = fuzz.run(mode, 10, send)
    assert all(statuses <= {400, 401} for statuses in seen.values())
    assert {row.outcome for row in desk.all(told.callback)} == {"refused"}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_signed_calls_made_of_the_document_find_no_5xx(
    desk: Desk, fuzz: Fuzz, mode: GenerationMode
) -> None:
    def send(case: Case[Any], ours: bool) -> None:
        for fields in (case.body, case.query):
            if isinstance(fields, dict) and ours:
                fields |= {name: OURS[name] for name in OURS.keys() & fields.keys()}
        case.headers.update(fuzz.platform.headers())
        token = {"token": CLOUD_TOKEN} if "/cloud/" in case.path else None
        fuzz.send(case, params=token)

    seen = fuzz.run(mode, 25, send)
    assert not any(401 in statuses for statuses in seen.values())
    if mode is GenerationMode.POSITIVE:
        answered = {label.rpartition("/")[2] for label, s in seen.items() if s & {200, 404}}
        assert answered == {name for _, name, _ in EVERY}


def test_signed_bytes_of_any_kind_find_no_5xx(platform: Platform) -> None:
    kinds = sorted({callback.content.value for _, _, callback in EVERY} - {Content.QUERY})
    calls = st.sampled_from([f"{vendor}/{name}" for vendor, name, _ in EVERY])

    @settings(max_examples=150, **BOUNDED)  # type: ignore[arg-type]
    @given(calls, st.sampled_from(kinds), st.text(max_size=30), st.binary(max_size=300))
    def send(path: str, kind: str, query: str, data: bytes) -> None:
        kind += "; boundary=b" if kind == Content.MULTIPART else ""
        headers = platform.headers() | {"Content-Type": kind}
        given = {"token": CLOUD_TOKEN, query: query}
        for method in ("POST", "GET"):
            answer: requests.Response = platform.call(
                method, path, headers, data=data, params=given
            )
            assert answer.status_code in range(400, 500), answer.text

    send()

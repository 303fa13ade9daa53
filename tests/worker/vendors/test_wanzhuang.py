import pytest
from pydantic import ValidationError

from tests.worker.vendors.cloud import BASE, SECONDS, SETTINGS, body, cloud, query
from tests.worker.vendors.scripted import Clock, Script, answer
from worker.events import Kind
from worker.exchange import Answer
from worker.outcomes import Accepted, Outcome, Refused, TryLater, Unclear
from worker.vendors.wanzhuang.auth import as_pairs, sign
from worker.vendors.wanzhuang.settings import WanzhuangSettings

# 接入指引 prints these parameters, and them sorted; it keeps the key that it signs with to itself.
PRINTED = {
    "device_num": "19285526",
    "device_port": 2,
    "is_error": True,
    "app_id": "3a7030ea45a08d",
    "timestamp": 1644902382,
}
# TEXT: app_id=3a7030ea45a08d&device_num=19285526&device_port=2&is_error=true&timestamp=1644902382
# printf %s TEXT | openssl dgst -sha256 -hmac k-001
HMAC = "fafe110459683ae310b48534903d58096a88ae15326633169daa67a83e01b101"
# printf %s 'TEXT&key=k-001' | openssl dgst -md5
MD5 = "B5F5BE9CBF67595BC5DF5E83F99FF171"


def signed(request: object, **settings: object) -> Script:
    script = Script([answer()])
    script.send(request, cloud(**settings).auth(script))  # type: ignore[arg-type]
    return script


def operation(name: str, given: dict[str, object]) -> object:
    found = cloud().operations[name]
    return found.request(cloud(), found.arguments.model_validate(given))


def read(given: Answer) -> Outcome:
    return cloud().read(given, Kind.CONNECTOR_STATUS)


@pytest.mark.parametrize(
    ("scheme", "expected"), [("hmac_sha256_sorted", HMAC), ("md5_sorted_key", MD5), ("none", "")]
)
def test_the_sign_of_the_printed_parameters(scheme: str, expected: str) -> None:
    assert sign(as_pairs(PRINTED), "k-001", scheme) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("scheme", ["hmac_sha256_sorted", "md5_sorted_key"])
def test_neither_the_sign_nor_what_is_empty_is_signed(scheme: str) -> None:
    more = [("sign", "x"), ("z", ""), *as_pairs(PRINTED)]
    plain = sign(as_pairs(PRINTED), "k-001", scheme)  # type: ignore[arg-type]
    assert sign(more, "k-001", scheme) == plain  # type: ignore[arg-type]


def test_a_get_is_signed_in_its_query() -> None:
    (sent,) = signed(operation("get-mode", {"device_num": "18000001"})).sent
    assert str(sent.url).startswith(f"{BASE}/open/device/getMode?")
    assert query(sent) == [
        ("device_num", "18000001"),
        ("app_id", "app-1"),
        ("timestamp", str(SECONDS)),
        # printf %s 'app_id=app-1&device_num=18000001&timestamp=1714536000' |
        # openssl dgst -sha256 -hmac k-001
        ("sign", "72fbdf8bcb862bcc6a5eb21a6ce1233d1ce19712027d705e44eed551bbeb27b8"),
    ]


def test_a_post_is_signed_in_its_body() -> None:
    given = {
        "device_num": "18000001",
        "device_port": 1,
        "charge_id": 1,
        "charge_mode": 7,
        "total_fee": 100,
    }
    (sent,) = signed(operation("start-charge", given), sign_scheme="md5_sorted_key").sent
    assert sent.url == f"{BASE}/open/charge/start"
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers["Content-Length"] == str(len(sent.body or b""))
    assert body(sent) == given | {
        "app_id": "app-1",
        "timestamp": SECONDS,
        # printf %s 'app_id=app-1&charge_id=1&charge_mode=7&device_num=18000001&device_port=1&
        # timestamp=1714536000&total_fee=100&key=k-001', in one line, | openssl dgst -md5
        "sign": "A258153E3546D3BEE7D8359F2D74A723",
    }


def test_a_name_that_is_repeated_counts_each_time() -> None:
    given = {"device_nums": ["18000008", "18000001"]}
    (sent,) = signed(operation("device-state-list", given)).sent
    assert query(sent)[:2] == [("device_nums[]", "18000008"), ("device_nums[]", "18000001")]
    # printf %s 'app_id=app-1&device_nums[]=18000008&device_nums[]=18000001&timestamp=1714536000' |
    # openssl dgst -sha256 -hmac k-001
    assert dict(query(sent))["sign"] == (
        "65dcc13e8ed49a022abb1f6cbd6f4af16363880e0b33f309143da5bb42583dbc"
    )


def test_without_a_scheme_nothing_is_signed_but_the_application_is_named() -> None:
    request = operation("get-mode", {"device_num": "18000001"})
    (sent,) = signed(request, sign_scheme="none", app_secret="").sent
    assert [name for name, _ in query(sent)] == ["device_num", "app_id", "timestamp"]


def test_every_try_is_signed_anew() -> None:
    clock, script = Clock(), Script([answer(), answer()])
    auth = cloud(clock).auth(script)  # type: ignore[arg-type]
    for _ in range(2):
        script.send(operation("get-mode", {"device_num": "1"}), auth)  # type: ignore[arg-type]
        clock.forward(minutes=1)
    first, second = (dict(query(sent)) for sent in script.sent)
    assert int(second["timestamp"]) - int(first["timestamp"]) == 60
    assert first["sign"] != second["sign"]


def test_it_is_told_nothing() -> None:
    assert cloud().kinds() == frozenset()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"app_secret": ""}, "app_secret: required"),
        ({"sign_scheme": "sha1"}, "sign_scheme"),
        ({"poll_s": 60, "devices": []}, "poll_s: polling needs devices"),
        ({"poll_s": 60, "operator_id": None}, "poll_s: polling needs devices and operator_id"),
        ({"connector_id": "{device_num}"}, "connector_id: expected"),
        ({"connector_id": "{port}"}, "connector_id: expected"),
        ({"app_id": ""}, "app_id"),
        ({"devices_per_call": 0}, "devices_per_call"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(
    changes: dict[str, object], fault: str
) -> None:
    with pytest.raises(ValidationError, match=fault):
        WanzhuangSettings(**(SETTINGS | changes))


def test_a_connector_is_named_after_its_device_and_port() -> None:
    assert cloud().settings.connector("18000001", "2") == "18000001-2"
    named = cloud(connector_id="wz:{port}@{device_num}").settings
    assert named.connector("18000001", "2") == "wz:2@18000001"


@pytest.mark.parametrize("code", [1, "1"])
def test_code_1_is_success(code: object) -> None:
    assert read(answer({"code": code, "message": "SUCCESS"})) == Accepted("SUCCESS", "1")


@pytest.mark.parametrize("code", [0, 200, 2, -1, 500, "0", 999])
def test_any_other_code_is_a_failure_that_may_pass(code: object) -> None:
    assert isinstance(read(answer({"code": code, "message": "success"})), TryLater)


@pytest.mark.parametrize(
    "content",
    [{}, {"code": True}, {"code": 1.0}, {"code": None}, {"code": [1]}, {"code": 10**20}, [], b"ok"],
)
def test_an_answer_without_a_code_is_unclear(content: object) -> None:
    assert isinstance(read(answer(content)), Unclear)


def test_an_answer_longer_than_the_cap_is_unclear() -> None:
    assert isinstance(read(Answer(200, {}, b'{"code":1}', cut=True)), Unclear)


@pytest.mark.parametrize(
    "message",
    [
        "签名错误",
        "sign不能为空",
        "应用不存在",
        "app_id不能为空",
        "timestamp应为10位时间戳",
        "没有权限",
        "请求过于频繁",
    ],
)
def test_what_concerns_every_call_says_so(message: str) -> None:
    outcome = read(answer({"code": 0, "message": message}))
    assert isinstance(outcome, TryLater)
    assert outcome.whole_lane


@pytest.mark.parametrize("message", ["设备离线", "系统错误", "系统繁忙", "请稍后重试", "", "出错"])
def test_what_may_pass_is_tried_later(message: str) -> None:
    outcome = read(answer({"code": 0, "message": message}))
    assert isinstance(outcome, TryLater)
    assert not outcome.whole_lane


@pytest.mark.parametrize("message", ["设备响应超时", "timeout"])
def test_a_device_that_may_have_heard_is_unclear(message: str) -> None:
    assert isinstance(read(answer({"code": 0, "message": message})), Unclear)


@pytest.mark.parametrize(
    "message",
    ["设备不存在", "端口不存在", "端口当前状态不能充电", "端口没有此充电订单", "参数错误"],
)
def test_what_will_never_be_taken_is_refused(message: str) -> None:
    assert read(answer({"code": 0, "message": message})) == Refused(message, "0")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(500, TryLater), (504, Unclear), (404, TryLater), (401, TryLater), (302, TryLater)],
)
def test_code_1_with_an_error_status_is_not_accepted(status: int, outcome: type[Outcome]) -> None:
    assert isinstance(read(answer({"code": 1}, status)), outcome)

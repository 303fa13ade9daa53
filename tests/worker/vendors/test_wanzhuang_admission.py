from datetime import timedelta

import pytest
from pydantic import ValidationError

from tests.worker.vendors.cloud import SECONDS, cloud
from tests.worker.vendors.cloud_calls import BEGUN, FINISHED, TOKEN, admit, by_hmac, called, signed
from tests.worker.vendors.scripted import NOON
from worker.callback import Refusal

NAMES = ["start-power", "finish-order", "card-pay", "offline-income"]

# TEXT: app_id=app-1&charge_id=123&device_num=18000001&device_port=1&state=0&timestamp=1714536000
# printf %s TEXT | openssl dgst -sha256 -hmac k-001
HMAC = "283b1e33d28bda468c87c386cc46ca6e28277534b100352399572b9ddd0cb71a"
# printf %s 'TEXT&key=k-001' | openssl dgst -md5
MD5 = "ae8cb56edaee99584208e331a01e6505"
PROVEN = {**BEGUN, "app_id": "app-1", "timestamp": str(SECONDS)}


@pytest.mark.parametrize(
    ("scheme", "sign"),
    [
        ("hmac_sha256_sorted", HMAC),
        ("hmac_sha256_sorted", HMAC.upper()),
        ("md5_sorted_key", MD5.upper()),
        ("md5_sorted_key", MD5),
    ],
)
def test_a_sign_over_the_form_lets_a_call_in(scheme: str, sign: str) -> None:
    assert admit("start-power", called({**PROVEN, "sign": sign}), sign_scheme=scheme)


def test_the_two_ways_to_the_sign_of_these_tests_agree() -> None:
    assert signed(BEGUN)["sign"] == HMAC


@pytest.mark.parametrize("name", NAMES)
def test_a_field_that_was_changed_breaks_the_sign(name: str) -> None:
    with pytest.raises(Refusal, match="sign is not that") as refusal:
        admit(name, called(signed(BEGUN) | {"charge_id": "124"}))
    assert refusal.value.http_status == 401


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("off_s", [-301, 301])
def test_a_sign_of_another_time_is_refused(name: str, off_s: int) -> None:
    with pytest.raises(Refusal, match="from our clock"):
        admit(name, called(signed(BEGUN, SECONDS + off_s)))


@pytest.mark.parametrize("off_s", [-300, 300])
def test_five_minutes_are_near_enough(off_s: int) -> None:
    assert admit("start-power", called(signed(BEGUN, SECONDS + off_s)))


def test_the_time_that_counts_is_when_the_call_came_in() -> None:
    with pytest.raises(Refusal, match="from our clock"):
        admit("start-power", called(signed(BEGUN), at=NOON + timedelta(seconds=301)))


@pytest.mark.parametrize("name", NAMES)
def test_a_call_for_another_application_is_refused(name: str) -> None:
    with pytest.raises(Refusal, match="app_id"):
        admit(name, called(signed(BEGUN, app_id="app-2")))


@pytest.mark.parametrize("timestamp", ["", "noon", "1e30"])
def test_a_signed_call_without_a_readable_time_is_refused(timestamp: str) -> None:
    form = {**BEGUN, "app_id": "app-1", "timestamp": timestamp}
    with pytest.raises(Refusal) as refusal:
        admit("start-power", called({**form, "sign": by_hmac(form)}))
    assert refusal.value.http_status == 401


@pytest.mark.parametrize("name", NAMES)
def test_the_token_of_the_url_lets_an_unsigned_call_in(name: str) -> None:
    admit(name, called(BEGUN, TOKEN), callback_token=TOKEN)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("token", [None, "", "another", TOKEN + "x", "令牌", "\udcff"])
def test_without_sign_and_with_no_token_or_another_a_call_is_refused(
    name: str, token: str | None
) -> None:
    with pytest.raises(Refusal, match="neither") as refusal:
        admit(name, called(BEGUN, token), callback_token=TOKEN)
    assert refusal.value.http_status == 401
    assert TOKEN not in refusal.value.reason


@pytest.mark.parametrize("token", [None, "", TOKEN])
def test_where_no_token_is_set_none_is_right(token: str | None) -> None:
    with pytest.raises(Refusal, match="neither"):
        admit("start-power", called(BEGUN, token))


def test_an_empty_sign_is_no_sign() -> None:
    assert admit("start-power", called({**BEGUN, "sign": ""}, TOKEN), callback_token=TOKEN) is None


def test_where_there_are_both_the_sign_decides() -> None:
    wrong = {**PROVEN, "sign": "0" * 64}
    with pytest.raises(Refusal, match="sign is not that"):
        admit("start-power", called(wrong, TOKEN), callback_token=TOKEN)
    assert admit("start-power", called(signed(BEGUN), "another"), callback_token=TOKEN)


def test_the_scheme_none_can_check_no_sign() -> None:
    proven = called(signed(BEGUN), "another")
    with pytest.raises(Refusal, match="neither"):
        admit("start-power", proven, sign_scheme="none", callback_token=TOKEN)
    tokened = called({**BEGUN, "sign": "x"}, TOKEN)
    assert admit("start-power", tokened, sign_scheme="none", callback_token=TOKEN) is None


def test_a_form_with_a_file_is_refused() -> None:
    with pytest.raises(Refusal, match="text fields") as refusal:
        admit("offline-income", called({"device_num": object()}, TOKEN), callback_token=TOKEN)
    assert refusal.value.http_status == 400


@pytest.mark.parametrize("name", ["start-power", "card-pay", "offline-income"])
def test_a_signed_call_is_told_from_its_like_by_all_that_is_in_it(name: str) -> None:
    first = admit(name, called(signed(BEGUN)))
    assert first == admit(name, called(dict(reversed(signed(BEGUN).items()))))
    others = [signed(BEGUN, SECONDS + 1), signed(BEGUN | {"charge_id": "124"})]
    assert len({first, *(admit(name, called(other)) for other in others)}) == 3


@pytest.mark.parametrize("name", ["start-power", "card-pay", "offline-income"])
def test_nothing_tells_an_unsigned_call_from_its_like(name: str) -> None:
    assert admit(name, called(BEGUN, TOKEN), callback_token=TOKEN) is None


def test_an_end_that_is_told_again_is_known_by_its_content() -> None:
    calls = [
        called(FINISHED, TOKEN),
        called(signed(FINISHED)),
        called(signed(FINISHED, SECONDS - 60)),
        called(dict(reversed(FINISHED.items())), TOKEN),
    ]
    assert len({admit("finish-order", call, callback_token=TOKEN) for call in calls}) == 1


def test_an_end_with_other_content_is_another() -> None:
    more = called(FINISHED | {"pay_used": "251"}, TOKEN)
    same = called(FINISHED, TOKEN)
    assert admit("finish-order", more, callback_token=TOKEN) != admit(
        "finish-order", same, callback_token=TOKEN
    )


@pytest.mark.parametrize("token", ["fifteen-letters", "has a space in it", "x" * 129, "令" * 16])
def test_a_token_that_is_short_or_not_for_urls_is_refused(token: str) -> None:
    with pytest.raises(ValidationError, match="callback_token: expected"):
        cloud(callback_token=token)


def test_callbacks_need_the_operator_of_their_events() -> None:
    with pytest.raises(ValidationError, match="need operator_id"):
        cloud(callback_token=TOKEN, operator_id=None)


def test_the_token_is_not_shown() -> None:
    assert TOKEN not in repr(cloud(callback_token=TOKEN).settings)

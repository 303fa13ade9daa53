"""The signatures of documents 000 and 004, against values from outside this project."""

from sandbox import operator_door, parkpot
from tests.sandbox import callers

TOKEN_CALL_LINES = "datetime: 2022-02-28 13:45:04\noperatorid: 395815801"
OTHER_CALL_LINES = f"{TOKEN_CALL_LINES}\ntoken: 0123456789abcdef"

DOCUMENT_004_SAMPLE = {
    "appid": "wxd930ea5d5a258f4f",
    "mch_id": "10000100",
    "device_info": "1000",
    "body": "test",
    "nonce_str": "ibuaiVcKdpRxkhJA",
}
DOCUMENT_004_KEY = "192006250b4c09247ec02edce69f6a2d"
DOCUMENT_004_SIGN = "9A0A8659F005D6984697E2CA0A9CF3B7"


def test_a_token_call_is_signed_over_two_lines() -> None:
    # printf 'datetime: 2022-02-28 13:45:04\noperatorid: 395815801' |
    #   openssl dgst -sha256 -hmac sandbox-secret -binary | base64
    golden = "75PGzdtO92KMXaYFVcqSqjB46WLcAMpIlV+M3hBRYtA="
    assert operator_door.signature("sandbox-secret", TOKEN_CALL_LINES) == golden
    assert callers.hmac_signature("sandbox-secret", TOKEN_CALL_LINES) == golden


def test_every_other_call_is_signed_over_three_lines() -> None:
    # printf 'datetime: 2022-02-28 13:45:04\noperatorid: 395815801\ntoken: 0123456789abcdef' |
    #   openssl dgst -sha256 -hmac sandbox-secret -binary | base64
    golden = "8NMYYrYQt+qnw6Syx18R+rax931EjYC+wV9UYU6P7dg="
    assert operator_door.signature("sandbox-secret", OTHER_CALL_LINES) == golden


def test_a_server_that_signs_the_hex_digest_can_be_played() -> None:
    # printf 'datetime: 2022-02-28 13:45:04\noperatorid: 395815801' |
    #   openssl dgst -sha256 -hmac sandbox-secret -hex | sed 's/.*= //' | tr -d '\n' | base64 -w0
    golden = (
        "ZWY5M2M2Y2RkYjRlZjc2MjhjNWRhNjA1NTVjYTkyYWEzMDc4ZTk2MmRjMDBjYTQ4OTU1ZjhjZGUxMDUxNjJkMA=="
    )
    assert operator_door.signature("sandbox-secret", TOKEN_CALL_LINES, "hex") == golden


def test_the_sample_of_document_004_has_the_sign_it_prints() -> None:
    assert parkpot.signature(DOCUMENT_004_SAMPLE, DOCUMENT_004_KEY) == DOCUMENT_004_SIGN
    assert callers.md5_signature(DOCUMENT_004_SAMPLE, DOCUMENT_004_KEY) == DOCUMENT_004_SIGN


def test_empty_fields_and_the_sign_itself_are_not_signed() -> None:
    sent = DOCUMENT_004_SAMPLE | {"spaceNo": "", "sign": "anything"}
    assert parkpot.signature(sent, DOCUMENT_004_KEY) == DOCUMENT_004_SIGN

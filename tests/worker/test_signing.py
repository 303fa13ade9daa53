import pytest

from worker.signing import hmac_sha256_base64, md5_sorted_pairs

TWO_LINES = "datetime: 2022-02-28 13:45:04\noperatorid: 395815801"
THREE_LINES = f"{TWO_LINES}\ntoken: 8d3c9a"

DOCUMENT_004_SAMPLE = {
    "appid": "wxd930ea5d5a258f4f",
    "mch_id": "10000100",
    "device_info": "1000",
    "body": "test",
    "nonce_str": "ibuaiVcKdpRxkhJA",
}
DOCUMENT_004_KEY = "192006250b4c09247ec02edce69f6a2d"
DOCUMENT_004_SIGN = "9A0A8659F005D6984697E2CA0A9CF3B7"

# printf 'datetime: 2022-02-28 13:45:04\noperatorid: 395815801[\ntoken: 8d3c9a]' |
#   openssl dgst -sha256 -hmac s3cret-key -binary | base64
RAW_TWO = "iDIFmGNH+rEXBaiCZQHF0QjZbp5WNzV3yJSNx35SS7U="
RAW_THREE = "oArvvuEO/JDN676mGSR5GWAAgo1TtdwV2dcMKM8/Tnw="
# … | openssl dgst -sha256 -hmac s3cret-key -hex | sed 's/.*= //' | tr -d '\n' | base64 -w0
HEX_TWO = "ODgzMjA1OTg2MzQ3ZmFiMTE3MDVhODgyNjUwMWM1ZDEwOGQ5NmU5ZTU2MzczNTc3Yzg5NDhkYzc3ZTUyNGJiNQ=="
HEX_THREE = (
    "YTAwYWVmYmVlMTBlZmM5MGNkZWJiZWE2MTkyNDc5MTk2MDAwODI4ZDUzYjVkYzE1ZDlkNzBjMjhjZjNmNGU3Yw=="
)


@pytest.mark.parametrize(
    ("text", "of_hex", "signature"),
    [
        (TWO_LINES, False, RAW_TWO),
        (THREE_LINES, False, RAW_THREE),
        (TWO_LINES, True, HEX_TWO),
        (THREE_LINES, True, HEX_THREE),
    ],
)
def test_hmac_agrees_with_openssl(text: str, of_hex: bool, signature: str) -> None:
    assert hmac_sha256_base64(text, "s3cret-key", of_hex=of_hex) == signature


def test_a_secret_in_chinese_is_used_as_utf_8() -> None:
    # printf '平台' | openssl dgst -sha256 -hmac '密钥' -binary | base64
    assert hmac_sha256_base64("平台", "密钥") == "j9xn5MLPmK9FHQWbBA7pp0D216QU3QH+W5NYw+oLy0M="


def test_md5_gives_the_sign_that_document_004_prints() -> None:
    assert md5_sorted_pairs(DOCUMENT_004_SAMPLE, DOCUMENT_004_KEY) == DOCUMENT_004_SIGN


def test_empty_values_are_not_signed() -> None:
    padded = DOCUMENT_004_SAMPLE | {"spaceNo": "", "attach": ""}
    assert md5_sorted_pairs(padded, DOCUMENT_004_KEY) == DOCUMENT_004_SIGN


def test_names_are_sorted_as_ascii_capitals_first() -> None:
    # printf 'B=2&a=1&key=k' | openssl dgst -md5
    assert md5_sorted_pairs({"a": "1", "B": "2"}, "k") == "FE96F3790EA29E846BC72B1A3C34CFB7"

import json
from urllib.parse import urlencode

import pytest

from config.plates import PROVINCES, hide

PLATES = {
    "沪A12345": "沪A***45",
    "浙B12345": "浙B***45",
    "沪AD12345": "沪A***45",
    "京A12345D": "京A***5D",
    "粤Z1234港": "粤Z***4港",
    "粤Z1234澳": "粤Z***4澳",
    "苏A1234学": "苏A***4学",
    "京A1234警": "京A***4警",
    "鲁B1234挂": "鲁B***4挂",
    "沪A0023领": "沪A***3领",
    "京A0023使": "京A***3使",
    "沪a12345": "沪a***45",
    "沪A·12345": "沪A***45",
    "沪A 12345": "沪A***45",
    "WJ沪12345": "WJ沪***45",
    "使014005": "使0***05",
    "224001使": "22***1使",
}


@pytest.mark.parametrize(("plate", "left"), PLATES.items())
@pytest.mark.parametrize(
    "around", ["{}", "the car {} has left", "车辆{}已离场", '["{}"]', "x={}&y"]
)
def test_of_a_plate_number_only_its_ends_are_left(plate: str, left: str, around: str) -> None:
    assert hide(around.format(plate)) == around.format(left)


@pytest.mark.parametrize("plate", PLATES)
@pytest.mark.parametrize(
    "write",
    [
        lambda plate: json.dumps({"plateNo": plate, "power": 1}, ensure_ascii=False),
        lambda plate: json.dumps({"plateNo": plate}),
        lambda plate: json.dumps(json.dumps({"plateNo": plate})),
        lambda plate: urlencode({"plateNo": plate, "power": 1}),
        lambda plate: repr({"plateNo": plate}),
        lambda plate: f"plate_no={plate!r} power=1",
        lambda plate: f"车牌号：{plate}，已入场",
        lambda plate: f"licensePlate: {plate}",
    ],
)
def test_a_plate_number_is_hidden_however_it_is_written(plate: str, write: object) -> None:
    hidden = hide(write(plate))  # type: ignore[operator]
    assert "***" in hidden
    for spelled in (plate, plate[-5:], plate[2:6], urlencode({"": plate}), json.dumps(plate)[1:-1]):
        assert spelled not in hidden
    assert "power" not in write("") or "power" in hidden  # type: ignore[operator]


@pytest.mark.parametrize("province", PROVINCES)
def test_every_province_is_known_in_json_and_in_forms(province: str) -> None:
    plate = f"{province}C7K31F"
    for text in (
        plate,
        json.dumps([plate]),
        urlencode({"p": plate}),
        urlencode({"p": plate}).lower(),
    ):
        assert "7k3" not in hide(text).lower()


@pytest.mark.parametrize("plate", ["ABC 123", "无牌", "沪A1", "1"])
def test_what_is_called_a_plate_number_is_hidden_whatever_it_looks_like(plate: str) -> None:
    assert hide(json.dumps({"plateNo": plate}, ensure_ascii=False)) == '{"plateNo": "***"}'
    assert hide(f"'plateNo': '{plate}") == "'plateNo': '***"


@pytest.mark.parametrize(
    "text",
    [
        "took 500 items: 499 events, template=5, the late=1",
        '{"plateNo": null, "plate_no": ""}',
        "京东快充 2024-05-01 收到 12 条",
        "沪桂路123号 系统繁忙，请稍后再试",
        "订单 202405010001 已被使用",
        "GET /a%20b?c=%E7%AB%99 \\u7ad9",
    ],
)
def test_what_is_no_plate_number_stays_as_it_is(text: str) -> None:
    assert hide(text) == text


def test_what_was_hidden_once_stays_so() -> None:
    once = hide("plateNo=沪A12345, 浙B12345")
    assert hide(once) == once == "plateNo=沪A***45, 浙B***45"


@pytest.mark.parametrize(
    "part",
    ["沪A", "沪A1234", "沪1", "\\u6caa", "%E6", 'plateNo="', "plate ", "沪A····", "2使", "WJ"],
)
def test_a_line_that_was_made_to_be_slow_is_read_in_one_go(part: str) -> None:
    """200 kB. What grew with the square of a line's length would not end while anybody waits."""
    line = part * (200_000 // len(part))
    assert len(hide(f"{line} 浙B12345").split("***")[-1]) < 10

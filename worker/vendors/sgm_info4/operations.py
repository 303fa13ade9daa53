"""Every call of the document, as a person or a program can make it."""

from collections.abc import Mapping
from dataclasses import replace

import requests

from worker.exchange import Answer
from worker.operation import Arguments, Follow, Operation, Reply
from worker.outcomes import Accepted, Refused, TryLater
from worker.vendor import System
from worker.vendors.sgm_info4 import answers, payloads
from worker.vendors.sgm_info4 import arguments as given
from worker.vendors.sgm_info4.settings import APP_KEY, CHARGING, SgmInfo4Settings

MAP = "/info4gw/apigateway/info4-map/sgmMap"
PLACED, COMPLETED, FAILED = "1", "2", "3"
ORDER_WORDS = {PLACED: "placed, waiting for delivery", COMPLETED: "completed", FAILED: "failed"}
NPO = "the document; npo is spelled np0 in its table and npo in its example and a public client"
UUID = "uuid is the vehicle's encrypted VIN, which a public client fetches before it orders"
BRAND = "an absent brandId is filled in from the vendors file"

Gateway = System[SgmInfo4Settings]


def _content(settings: SgmInfo4Settings, arguments: Arguments) -> dict[str, object]:
    """The arguments that were given; a brandId that the call needs and was not is ours."""
    told = arguments.model_dump(mode="json", by_alias=True, exclude_none=True)
    if "brand_id" in type(arguments).model_fields:
        told.setdefault("brandId", settings.brand_id)
    return told


def _call(
    section: str,
    path: str,
    arguments: type[Arguments],
    *,
    known: str = "the document",
    assumed: str = "",
    changes: bool = False,
    user: bool = True,
) -> Operation:
    """A POST of its arguments, as all calls but one are.

    Args:
        section: as the document's contents number it.
        path: as the document writes it.
        arguments: the model of what it is given.
        known: what is known, and from where.
        assumed: what nothing says.
        changes: whether it changes something, so that a lost answer leaves it unclear.
        user: whether it names a user, [USER] in the document.
    """

    def request(system: Gateway, asked: Arguments) -> requests.Request:
        return payloads.post(system.settings, path, _content(system.settings, asked), user=user)

    def read(system: Gateway, answer: Answer) -> Reply:
        return answers.reply(answer, changes=changes)

    return Operation(section, "POST", path, arguments, request, read, known, assumed)


def _update(system: Gateway, asked: given.UpdateReservation) -> requests.Request:
    return payloads.update(system.settings, _content(system.settings, asked))


def _order_status(system: Gateway, answer: Answer) -> Reply:
    """The status in words; an order that has failed is refused, whoever asks and follows it."""
    reply = answers.reply(answer, changes=False)
    status = _field(reply, "orderStatus")
    if status is None:
        return reply
    words = ORDER_WORDS.get(status, "a status that is not in the document")
    outcome = Refused if status == FAILED else Accepted
    return replace(reply, outcome=outcome(f"order status {status}: {words}", reply.outcome.code))


def _app_key(system: Gateway, answer: Answer) -> Reply:
    """The key stays out of sight: whoever reads it could sign as us."""
    outcome, brought = answers.meaning(answer, changes=False), answers.app_key(answer)
    if not isinstance(outcome, Accepted):
        return Reply(outcome)
    if brought is None:
        return Reply(TryLater("no usable AppKey in the answer", outcome.code))
    return Reply(outcome, {"appKey": f"*** ({len(brought)} characters)"})


def _order(asked: given.CreateOrder, reply: Reply) -> Mapping[str, object] | None:
    order_id = _field(reply, "cusOrderId")
    return {"uuid": asked.uuid, "cusOrderId": order_id} if order_id else None


def _order_is_over(reply: Reply) -> bool:
    return isinstance(reply.outcome, Refused) or _field(reply, "orderStatus") == COMPLETED


def _field(reply: Reply, name: str) -> str | None:
    value = reply.data.get(name) if isinstance(reply.data, dict) else None
    return str(value) if isinstance(value, str | int) else None


OPERATIONS: Mapping[str, Operation] = {
    "create-order": replace(
        _call(
            "3. 【云对云下单】创建订单",
            f"{MAP}/createOrder",
            given.CreateOrder,
            assumed=UUID,
            changes=True,
            user=False,
        ),
        repeatable=False,
        follow=Follow("query-order", _order, _order_is_over, every_s=15.0, at_most=80),
    ),
    "query-order": replace(
        _call(
            "4. 【云对云下单】订单查询",
            f"{MAP}/orderQuery",
            given.QueryOrder,
            assumed=UUID,
            user=False,
        ),
        read=_order_status,
    ),
    "update-reservation": replace(
        _call(
            "5. 【公桩】修改预约",
            payloads.UPDATE_RESERVATION,
            given.UpdateReservation,
            known="the document; npo is spelled npoc in its example and npo in a public client",
            assumed="status is a number, as in the table; the example has text (status_as_text)",
            changes=True,
        ),
        request=_update,
    ),
    "list-stations": _call(
        "6. 【公桩】充电站列表查询", f"{CHARGING}/csds/queryStationNew", given.ListStations
    ),
    "create-reservation": replace(
        _call(
            "7. 【公桩】创建公桩预约",
            f"{CHARGING}/npo/pre/create",
            given.CreateReservation,
            known=NPO,
            assumed=BRAND,
            changes=True,
        ),
        repeatable=False,
    ),
    "open-ground-lock": replace(
        _call(
            "8. 【公桩】开启地锁",
            f"{CHARGING}/csds/chargeStation/unLock",
            given.OpenGroundLock,
            assumed=f"{BRAND}; not repeatable, because it moves a barrier",
            changes=True,
        ),
        repeatable=False,
    ),
    "update-favourite-station": _call(
        "9. 【公桩】更新用户收藏充电站",
        f"{CHARGING}/saving/update",
        given.UpdateFavouriteStation,
        assumed="savedStations is a list, as in the example; the table says String",
        changes=True,
    ),
    "query-reservation": _call(
        "10. 【公桩】查询公桩预约",
        payloads.QUERY_RESERVATION,
        given.QueryReservation,
        known=NPO,
        assumed=BRAND,
    ),
    "connector-info": _call(
        "11. 【公桩】获取充电桩信息",
        f"{CHARGING}/csds/queryStation/equipment",
        given.ConnectorInfo,
    ),
    "station-detail": _call(
        "12. 【公桩】获取充电站详情", f"{CHARGING}/csds/queryStation/info", given.StationDetail
    ),
    "favourite-stations": _call(
        "13. 【公桩】获取用户收藏充电站", f"{CHARGING}/saving/list", given.FavouriteStations
    ),
    "vehicle-features": _call(
        "14. 【公桩】车辆特性查询", f"{CHARGING}/vis2c/vin/feature/query", given.VehicleFeatures
    ),
    "generate-app-key": Operation(
        "15. 【INFO4 GATEWAY-AM】Appkey生成",
        "POST",
        APP_KEY,
        Arguments,
        lambda system, asked: payloads.app_key(system.settings),
        _app_key,
        assumed="a key stays good until 0003; expirationMinutes is not in use, says the table",
        signed=False,
    ),
}

"""Every call of document 000, in the order of its pages.

It shows one page in full; of the others their names. Paths, methods and fields of those come from
its public original, and where that was not to be had from a public server of this interface.
"""

from collections.abc import Mapping

from worker.operation import Arguments, Operation
from worker.vendors.charging_station import arguments as given
from worker.vendors.charging_station import calls

STATION_PATH = "/platform/management/station"
EQUIPMENT_PATH = "/platform/management/equipment"
CELL_PATH = "/platform/management/cell"
STATUS_PATH = "/platform/report/chargingMetaInfo"
STATUS_AGAIN_PATH = "/platform/report/failed/chargingMetaInfo"
RECORD_PATH = "/platform/management/chargingRecord"
FAILURE_URL_PATH = "/platform/management/callbackUrl/reportFailure"
META_INFO_URL_PATH = "/platform/management/callbackUrl/getChargingMetaInfo"
RISK_URL_PATH = "/platform/management/callbackUrl/notifyCellRisk"
LIST = "List"

IN_FULL = "the document, in full"
PAGE = "the document's name for it; path, method and fields from its public original"
SERVER = "the document's name for it; path, method and fields from a public server"
FREE = "the fields beyond the ids are those that a public server asks for"
IN_QUERY = "the ids stand in the query, as a sibling platform has them"
ANSWERED = "the shape of the page that is answered; it is shown as it comes"


def _change(
    title: str,
    method: str,
    path: str,
    arguments: type[Arguments],
    known: str = PAGE,
    assumed: str = "",
) -> Operation:
    request = calls.in_body(method, path)
    return Operation(title, method, path, arguments, request, calls.read, known, assumed)


def _ask(
    title: str,
    method: str,
    path: str,
    arguments: type[Arguments],
    known: str = PAGE,
    assumed: str = "",
) -> Operation:
    request = calls.in_query(method, path)
    return Operation(title, method, path, arguments, request, calls.read, known, assumed)


STATIONS = {
    "create-station": _change(
        "充电站管理 / 提交一个充电站信息", "POST", STATION_PATH, given.Station, PAGE, FREE
    ),
    "delete-station": _ask(
        "充电站管理 / 删除一个充电站信息",
        "DELETE",
        STATION_PATH,
        given.StationKey,
        SERVER,
        IN_QUERY,
    ),
    "change-station": _change(
        "充电站管理 / 修改一个充电站信息", "PUT", STATION_PATH, given.Station, PAGE, FREE
    ),
    "list-stations": _ask(
        "充电站管理 / 分页查询多个充电站信息列表", "GET", STATION_PATH, given.Page, PAGE, ANSWERED
    ),
}
EQUIPMENT = {
    "create-equipment": _change(
        "充电设施管理 / 提交一个充电设施信息", "POST", EQUIPMENT_PATH, given.Equipment, PAGE, FREE
    ),
    "delete-equipment": _ask(
        "充电设施管理 / 删除一个充电设施信息",
        "DELETE",
        EQUIPMENT_PATH,
        given.EquipmentKey,
        SERVER,
        IN_QUERY,
    ),
    "change-equipment": _change(
        "充电设施管理 / 修改一个充电设施信息", "PUT", EQUIPMENT_PATH, given.Equipment, PAGE, FREE
    ),
    "list-equipment": _ask(
        "充电设施管理 / 分页查询多个充电设施信息列表",
        "GET",
        EQUIPMENT_PATH,
        given.Page,
        PAGE,
        ANSWERED,
    ),
}
CELLS = {
    "create-cell": _change(
        "充电口管理 / 提交一个充电口信息", "POST", CELL_PATH, given.Cell, IN_FULL
    ),
    "delete-cell": _ask(
        "充电口管理 / 删除一个充电口信息", "DELETE", CELL_PATH, given.CellKey, SERVER, IN_QUERY
    ),
    "change-cell": _change(
        "充电口管理 / 修改一个充电口信息",
        "PUT",
        CELL_PATH,
        given.CellChange,
        PAGE,
        "all but the ids may be left out: the page says that such fields stay as they are",
    ),
    "list-cells": _ask(
        "充电口管理 / 分页查询多个充电口信息列表", "GET", CELL_PATH, given.Page, PAGE, ANSWERED
    ),
}
CALLBACKS = {
    "set-report-failure-url": _ask(
        "上报回调地址管理 / 修改上报失败回调地址", "PUT", FAILURE_URL_PATH, given.CallbackUrl
    ),
    "remove-report-failure-url": _ask(
        "上报回调地址管理 / 删除上报失败回调地址", "DELETE", FAILURE_URL_PATH, given.OfOperator
    ),
    "set-meta-info-url": _ask(
        "上报回调地址管理 / 修改查询充电口实时数据回调地址",
        "PUT",
        META_INFO_URL_PATH,
        given.CallbackUrl,
    ),
    "remove-meta-info-url": _ask(
        "上报回调地址管理 / 修改请求上报充电过程数据地址",
        "DELETE",
        META_INFO_URL_PATH,
        given.OfOperator,
        PAGE,
        "it removes the address: its page is titled a change, yet its method is DELETE",
    ),
    "set-cell-risk-url": _ask(
        "安全预警管理 / 修改安全预警回调地址", "PUT", RISK_URL_PATH, given.CallbackUrl
    ),
}
REPORTS = {
    "report-status": Operation(
        "实时数据上报 / 上报充电口实时信息",
        "POST",
        STATUS_PATH,
        given.Status,
        calls.in_body("POST", STATUS_PATH, **calls.FIRST_REPORT),
        calls.read,
        PAGE,
    ),
    "re-report-status": Operation(
        "实时数据上报 / 重新上报充电口实时信息",
        "POST",
        STATUS_AGAIN_PATH,
        given.StatusAgain,
        calls.in_body("POST", STATUS_AGAIN_PATH),
        calls.read,
        PAGE,
        "it takes one status at a time; the platform gives a status up after three failures",
        repeatable=False,
    ),
    "report-statuses": Operation(
        "实时数据上报 / 上报充电口实时信息列表",
        "POST",
        STATUS_PATH + LIST,
        given.Statuses,
        calls.as_array(STATUS_PATH + LIST, **calls.FIRST_REPORT),
        calls.read,
        PAGE,
        "cells are distinct: a public server fails on one that comes twice",
    ),
    "report-record": Operation(
        "充电记录管理 / 提交一个充电记录信息",
        "POST",
        RECORD_PATH,
        given.Record,
        calls.in_body("POST", RECORD_PATH),
        calls.read,
        PAGE,
        "a repeated record may be stored twice, as a public server does",
        repeatable=False,
    ),
    "list-records": _ask(
        "充电记录管理 / 分页查询多个充电记录信息列表",
        "GET",
        RECORD_PATH,
        given.Page,
        PAGE,
        ANSWERED,
    ),
    "report-records": Operation(
        "充电记录管理 / 提交充电记录信息列表",
        "POST",
        RECORD_PATH + LIST,
        given.Records,
        calls.as_array(RECORD_PATH + LIST),
        calls.read,
        PAGE,
        "a repeated record may be stored twice, as a public server does",
        repeatable=False,
    ),
}
OTHERS = {
    "report-cell-risk": Operation(
        "安全预警管理 / (桩企实现)安全预警接口举例",
        "POST",
        "{risk_url}",
        given.CellRisk,
        calls.risk,
        calls.read,
        PAGE,
        "a pile enterprise verifies our headers as the platform's, and answers as the platform",
    ),
    "fetch-token": Operation(
        "获取运营商operator token",
        "GET",
        calls.TOKEN_PATH,
        Arguments,
        calls.token,
        calls.read_token,
        "the document's headers; path, method and hash from its public original",
        "a token stays valid when another is fetched; it is not shown",
        signed=False,
    ),
}
OPERATIONS: Mapping[str, Operation] = STATIONS | EQUIPMENT | CELLS | CALLBACKS | REPORTS | OTHERS

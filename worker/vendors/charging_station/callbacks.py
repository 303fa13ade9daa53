"""What the platform calls at us: 处理上报失败, 处理请求上报充电过程数据, 安全预警接口举例.

Each call carries the four headers that our own calls carry (获取运营商operator token), signed with
the secret that both sides have. The signature covers neither query nor body, and its time has
seconds only: calls of one second share it, so that a repetition is known by its arguments too,
however they are written.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from worker.callback import About, Callback, Called, Content, Failure, Heard, Meaning, Refusal, Told
from worker.events import Event, Kind
from worker.fields import Id, parse_moment
from worker.signing import hmac_sha256_base64
from worker.vendor import System
from worker.vendors.charging_station import payloads
from worker.vendors.charging_station.settings import ChargingStationSettings
from worker.wire import write_json

Platform = System[ChargingStationSettings]

PAGE = "the document's name for it; method and fields from its public original"
HEADERS = ("Datetime", "OperatorId", "Token", "Signature")
MOST_DIGITS = 20
REASON_CHARS = 512
TIME = "yyyy-MM-dd HH:mm:ss in Asia/Shanghai"
CELL_CHARS = 40  # of a warningId, which has room for 128 with the vendor's name and the digest


def _of_this_world(value: object) -> object:
    """Refuse true, and 1e999999999 before anybody writes it out."""
    huge = isinstance(value, Decimal) and abs(value.adjusted()) > MOST_DIGITS
    if huge or isinstance(value, bool):
        raise ValueError("expected a number of this world")
    return value


Moment = Annotated[datetime, BeforeValidator(parse_moment)]
Risk = Annotated[str, Field(pattern="^[高中低](风险)?$")]
Whole = Annotated[int, BeforeValidator(_of_this_world)]


class FailedItem(Told):
    """`data` of a failure callback."""

    request_api: str = Field(alias="requestAPI", max_length=512, description="失败的 API")
    request_body: Any = Field(alias="requestBody", description="请求 body, with chargingMetaInfoId")
    request_id: Id = Field(alias="requestId", description="of the item; wanted in a re-report")
    request_failure_count: Whole = Field(
        alias="requestFailureCount", ge=1, le=1000, description="失败次数, at most three"
    )


class ReportFailure(Told):
    """(运营商实现该接口)处理上报失败."""

    status: Whole = Field(ge=-(10**6), le=10**6, description="错误代码")
    message: str = Field(max_length=4096, description="错误信息")
    data: FailedItem


class Wanted(Told):
    """(运营商实现该接口)处理请求上报充电过程数据."""

    operator_id: str = Field(alias="operatorId", description="运营商id")
    cell_id: Id = Field(alias="cellId", description="充电口id")
    update_datetime: Moment = Field(
        alias="updateDatetime", description=f"time at the hardware, {TIME}"
    )


class CellRisk(Told):
    """(桩企实现)安全预警接口举例."""

    operator_id: str = Field(alias="operatorId", description="运营商id")
    cell_id: Id = Field(alias="cellId", description="充电口id")
    risk_level: Risk = Field(alias="riskLevel", description="高风险, 中风险 or 低风险")
    risk_reason: str = Field("", alias="riskReason", max_length=4096, description="why")
    platform_datetime: Moment = Field(
        alias="platformDatetime", description=f"time at the platform, {TIME}"
    )


def admit(system: Platform, called: Called) -> str:
    """Verify the four headers (获取运营商operator token), and the time to five minutes.

    Raises:
        Refusal: 401, with what is wrong.
    """
    told = {name: called.headers.get(name.lower(), "") for name in ("Datetime", "OperatorId")}
    token, signature = called.headers.get("token", ""), called.headers.get("signature", "")
    lines = [f"{name.lower()}: {value}" for name, value in (told | {"Token": token}).items()]
    own = system.settings
    ours = hmac_sha256_base64(
        "\n".join(lines), own.secret.get_secret_value(), of_hex=own.signature_encoding == "hex"
    )
    if not hmac.compare_digest(ours.encode(), signature.encode()):
        raise Refusal(401, "签名有误: the Signature does not match")
    if told["OperatorId"] != own.operator_id:
        raise Refusal(401, "运营商id有误: the OperatorId is not ours")
    _refuse_another_time(told["Datetime"], called)
    said = json.dumps(called.fields, sort_keys=True, default=str)
    return write_json([told["Datetime"], signature, hashlib.sha256(said.encode()).hexdigest()])


def _refuse_another_time(text: str, called: Called) -> None:
    try:
        apart_s = (parse_moment(text) - called.received_at).total_seconds()
    except ValueError:
        raise Refusal(401, f"Datetime有误: expected {TIME}") from None
    if abs(apart_s) > called.clock_s:
        raise Refusal(401, f"Datetime超时: {abs(apart_s):.0f} s from our clock")


def report_failure(system: Platform, told: ReportFailure, heard: Heard) -> Meaning:
    """A report that failed after it was accepted."""
    item = told.data
    failure = Failure(
        request_id=item.request_id,
        failures=item.request_failure_count,
        vendor_code=str(told.status),
        message=told.message,
        api=item.request_api,
        about=_about(item.request_body, item.request_id),
    )
    return Meaning(subject=item.request_id, failure=failure, reason="kept as a failed report")


def _about(body: object, request_id: str) -> About | None:
    """What the failed item was about; of a list, the one that carries the id."""
    if isinstance(body, list):
        named = [i for i in body if isinstance(i, Mapping) and _names(i, request_id)]
        body = named[0] if named else body[0] if len(body) == 1 else None
    if not isinstance(body, Mapping) or not isinstance(body.get("cellId"), str | int):
        return None
    cell_id, status = str(body["cellId"]), body.get("cellStatus")
    try:
        if "updateDatetime" in body:
            moment = parse_moment(body["updateDatetime"])
            known = status if isinstance(status, int) else None
            return About(Kind.CONNECTOR_STATUS, cell_id, moment, known)
        return About(Kind.CHARGE_RECORD, cell_id, parse_moment(body.get("endDatetime")))
    except ValueError:
        return None


def _names(item: Mapping[str, object], request_id: str) -> bool:
    return str(item.get("chargingMetaInfoId")) == request_id


def charging_meta_info(system: Platform, told: Wanted, heard: Heard) -> Meaning:
    """One connector's data at one time."""
    _refuse_another_operator(system, told.operator_id)
    sample = About(Kind.CONNECTOR_STATUS, told.cell_id, told.update_datetime)
    return Meaning(subject=told.cell_id, sample=sample, reason="answered from the journal")


def show(system: Platform, event: Event) -> object:
    """A past status, as it is reported."""
    return payloads.item(event, system.settings.operator_id)


def cell_risk(system: Platform, told: CellRisk, heard: Heard) -> Meaning:
    """A risk that the platform has seen. It has no id: one is made of all that it says."""
    _refuse_another_operator(system, told.operator_id)
    said = [told.cell_id, told.risk_level, told.risk_reason, told.platform_datetime.isoformat()]
    digest = hashlib.sha256(write_json(said).encode()).hexdigest()[:16]
    warning_id = f"{system.vendor}-{told.cell_id[:CELL_CHARS]}-{digest}"
    warning = {
        "warningId": warning_id,
        "riskLevel": told.risk_level,
        "riskReason": told.risk_reason[:REASON_CHARS],
        "occurredAt": told.platform_datetime.isoformat(),
        "operatorId": told.operator_id,
        "connectorId": told.cell_id,
        "vendor": system.vendor,
    }
    return Meaning(
        subject=warning_id, events=[(Kind.SAFETY_WARNING, warning)], once=True, reason="a warning"
    )


def _refuse_another_operator(system: Platform, operator_id: str) -> None:
    if operator_id != system.settings.operator_id:
        raise Refusal(403, "运营商id有误: the operatorId is not ours")


CALLBACKS: Mapping[str, Callback] = {
    "report-failure": Callback(
        section="上报回调地址管理 / (运营商实现该接口)处理上报失败",
        method="POST",
        content=Content.JSON,
        arguments=ReportFailure,
        admit=admit,
        headers=HEADERS,
        take=report_failure,
        known=PAGE,
        assumed="of a list that failed, requestBody is the one item, or names it by its id",
        register="set-report-failure-url",
        remove="remove-report-failure-url",
    ),
    "charging-meta-info": Callback(
        section="上报回调地址管理 / (运营商实现该接口)处理请求上报充电过程数据",
        method="GET",
        content=Content.QUERY,
        arguments=Wanted,
        admit=admit,
        headers=HEADERS,
        take=charging_meta_info,
        known=PAGE,
        assumed="the answer's data is the item as it is reported",
        register="set-meta-info-url",
        remove="remove-meta-info-url",
        show=show,
    ),
    "cell-risk": Callback(
        section="安全预警管理 / (桩企实现)安全预警接口举例",
        method="POST",
        content=Content.JSON,
        arguments=CellRisk,
        admit=admit,
        headers=HEADERS,
        take=cell_risk,
        known=PAGE,
        assumed="two notices of one content are one risk",
        register="set-cell-risk-url",
    ),
}

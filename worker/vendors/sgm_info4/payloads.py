"""Requests in the gateway's words, and events as changes of a reservation (【公桩】修改预约)."""

from collections.abc import Mapping

import requests

from worker.events import ChargeRecord, ConnectorState, ConnectorStatus, Event
from worker.vendors.sgm_info4.settings import CHARGING, SgmInfo4Settings
from worker.wire import write_json

CONTENT_TYPE = "application/json;charset=UTF-8"
UPDATE_RESERVATION = f"{CHARGING}/npo/charge/update"
QUERY_RESERVATION = f"{CHARGING}/npo/pre/query"
RESERVED, COMPLETED, CANCELLED = 1, 2, 3
STATUS_WORDS = {RESERVED: "reserved", COMPLETED: "completed", CANCELLED: "cancelled"}


def post(
    settings: SgmInfo4Settings, path: str, content: Mapping[str, object], *, user: bool = True
) -> requests.Request:
    """A call whose path the document writes so; one with a user is also given his token."""
    headers = {"Content-Type": CONTENT_TYPE}
    if user:
        headers[settings.idp_user_header] = settings.idp_user_id
    return requests.Request(
        "POST", settings.address(path), data=write_json(content).encode(), headers=headers
    )


def app_key(settings: SgmInfo4Settings) -> requests.Request:
    """The call that fetches the AppKey: no signature, the client certificate says who we are."""
    return requests.Request(
        "POST", settings.app_key_address, data=b"{}", headers={"Content-Type": CONTENT_TYPE}
    )


def update(settings: SgmInfo4Settings, change: Mapping[str, object]) -> requests.Request:
    """The call that changes a reservation: preNum, status and perhaps cancelReason."""
    text = {"status": str(change["status"])} if settings.status_as_text else {}
    return post(settings, UPDATE_RESERVATION, {**change, **text})


def reservation(event: Event) -> tuple[str, int] | None:
    """The preNum that an event speaks of, and the status it ends in; None if it ends none."""
    match event:
        case ChargeRecord(pre_num=str(pre_num)):
            return pre_num, COMPLETED
        case ConnectorStatus(status=ConnectorState.FAULT, pre_num=str(pre_num)):
            return pre_num, CANCELLED
        case _:
            return None


def cancel_reason(event: Event) -> str | None:
    """Why a reservation was cancelled, for the driver; None if it was not."""
    if not isinstance(event, ConnectorStatus):
        return None
    return "充电桩故障" if event.error_code is None else f"充电桩故障（错误码 {event.error_code}）"

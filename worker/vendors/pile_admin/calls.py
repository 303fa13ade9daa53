"""The four calls of the document, without their token, and what carries it."""

from typing import Literal

import requests
from requests.auth import AuthBase

from worker.vendors.pile_admin.settings import PileAdminSettings

LOGIN_PATH = "/a/login"
QUEUE_PATH = "/admin/charge/queue"
STATUSES_PATH = "/admin/charge/status/get"
SET_PATH = "/admin/charge/status/set"

PileStatus = Literal["on", "off", "repair", "offline"]


class TokenAuth(AuthBase):
    """Puts the token into the query."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add it to what the query holds already."""
        r.prepare_url(r.url, {"token": self.token})
        return r


def login(own: PileAdminSettings) -> requests.Request:
    """管理员登录; the one call without a token."""
    told = {"username": own.username, "password": own.password.get_secret_value()}
    if own.login_encoding == "json":
        return requests.Request("POST", own.url + LOGIN_PATH, json=told)
    return requests.Request("POST", own.url + LOGIN_PATH, data=told)


def queue(own: PileAdminSettings, pile: int) -> requests.Request:
    """获取特定充电桩排队队列车辆信息."""
    return requests.Request("GET", own.url + QUEUE_PATH, params={"id": pile})


def statuses(own: PileAdminSettings) -> requests.Request:
    """得到所有充电桩的状态."""
    return requests.Request("GET", own.url + STATUSES_PATH)


def set_status(own: PileAdminSettings, pile: int, status: PileStatus) -> requests.Request:
    """设置充电桩的状态."""
    return requests.Request("POST", own.url + SET_PATH, params={"id": pile, "status": status})

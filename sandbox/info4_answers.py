"""What the gateway of document 002 answers: always HTTP 200, the truth is in `resultCode`."""

from typing import NamedTuple

from sandbox.system import Answer

MESSAGES = {
    "0000": "Success",
    "0001": "App id validation failed",
    "0002": "TimeStamp validation failed",
    "0003": "AuthCode validation failed",
    "0004": "This app id invoke this api permission denied",
    "0010": "Gateway route not found",
    "0011": "App does not exist",
    "1007": "User access token validation failed",
    "4001": "The HTTP request parsing failed",
    "4002": "The HTTP request method is incorrect",
    "4005": "The content-type of the HTTP request is not supported",
    "4011": "The info4-map service returns an execution failure, message",
    "6002": "Mandatory parameters missing",
}


class Refusal(NamedTuple):
    """Why a call is refused: the result code and what is said beyond its message."""

    code: str
    detail: str = ""

    def answer(self) -> Answer:
        """The refusal as it is sent."""
        message = MESSAGES[self.code]
        told = f"{message}: {self.detail}" if self.detail else message
        return Answer.of({"resultCode": self.code, "message": told, "dataSet": {}}, refused=True)


def failed(why: str) -> Refusal:
    """The service behind the gateway could not do it."""
    return Refusal("4011", why)


def success(content: object) -> Answer:
    """The result set of a call that was done."""
    return Answer.of({"resultCode": "0000", "message": MESSAGES["0000"], "dataSet": content})

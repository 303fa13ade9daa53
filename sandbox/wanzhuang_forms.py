"""What the pile cloud's calls with a body take, document 001, field by field.

The document types charge_id both as a number and as text; either is taken.
"""

from sandbox.fields import Form, integer, one_of, text

CHARGE_MODES = (0, 1, 2, 7, 8, 9, 11)


def charge_id(value: object) -> str | None:
    """A whole number, or a string of at most 19 digits."""
    if isinstance(value, str):
        return None if value.isascii() and value.isdigit() and len(value) < 20 else "应为数字"
    return integer(value)


def port_number(value: object) -> str | None:
    """A whole number from 1."""
    return integer(value) or (None if int(str(value)) >= 1 else "应从1开始")


_OUR_CALL = {"device_num": text, "device_port": port_number, "charge_id": charge_id}

START = Form(
    required={**_OUR_CALL, "charge_mode": one_of(*CHARGE_MODES), "total_fee": integer},
    optional={},
)
STOP = Form(required=_OUR_CALL, optional={})
PORT_ERROR = Form(
    required={"device_num": text, "device_port": text, "is_error": one_of("0", "1")},
    optional={},
)
RETRY = Form(required={"charge_id": charge_id}, optional={})

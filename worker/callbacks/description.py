"""What the OpenAPI document says of a callback."""

import sys
from typing import Any

from worker.callback import Callback, Content
from worker.roster import AnySystem

WRONG = {
    400: "it cannot be read",
    401: "it is not signed by the vendor, or at another time",
    403: "it speaks of another operator",
    404: "no such vendor, callback or past event",
    405: "another method is expected",
    408: "its body did not arrive in time",
    409: "this very call was taken before",
    413: "its body is too large",
    415: "another content type is expected",
    503: "it could not be kept; call again",
}


def of(vendor: str, name: str, system: AnySystem, callback: Callback) -> dict[str, Any]:
    """Arguments for FastAPI's add_api_route."""
    notes = [f"Known from {callback.known}."]
    notes += [f"Assumed: {callback.assumed}."] if callback.assumed else []
    notes += [f"Its path may also end in {' or '.join(callback.also)}."] if callback.also else []
    return {
        "summary": f"{name}: {callback.section}",
        "description": " ".join(notes),
        "operation_id": f"{vendor}.{name}",
        "tags": [vendor],
        "openapi_extra": _given(callback),
        "responses": {
            200: _example("taken", system.answer(200, "success")),
            **{
                status: _example(said, system.answer(status, said))
                for status, said in WRONG.items()
            },
        },
    }


def tag(vendor: str, system: AnySystem) -> dict[str, str]:
    """Whose callbacks these are, and what shows that a call is the vendor's."""
    modules = dict.fromkeys(one.admit.__module__ for one in system.callbacks.values())
    proofs = [str(sys.modules[module].__doc__).strip() for module in modules]
    about = [f"A vendor of the system {system.name}, document {system.document}.", *proofs]
    return {"name": vendor, "description": "\n\n".join(about)}


def _given(callback: Callback) -> dict[str, Any]:
    schema = callback.arguments.model_json_schema()
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
        for name in callback.headers
    ]
    if callback.content is not Content.QUERY:
        content = {callback.content.value: {"schema": _inlined(schema)}}
        return {"parameters": parameters, "requestBody": {"content": content, "required": True}}
    required = schema.get("required", ())
    parameters += [
        {"name": name, "in": "query", "required": name in required, "schema": field}
        for name, field in schema["properties"].items()
    ]
    return {"parameters": parameters}


def _inlined(schema: Any) -> Any:  # noqa: ANN401 any JSON
    """The schema without references: its definitions stand elsewhere in an OpenAPI document."""

    def resolve(part: Any) -> Any:  # noqa: ANN401 any JSON
        match part:
            case {"$ref": str(reference), **more}:
                return resolve(definitions[reference.rpartition("/")[2]] | more)
            case dict():
                return {name: resolve(value) for name, value in part.items()}
            case list():
                return [resolve(value) for value in part]
            case _:
                return part

    definitions = schema.pop("$defs", {})
    return resolve(schema)


def _example(said: str, body: object) -> dict[str, Any]:
    return {"description": said, "content": {"application/json": {"example": body}}}

"""A request as bytes, and its arguments read from where the document puts them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import parse_qsl

import python_multipart
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field as FormField
from python_multipart.multipart import File

from worker.callback import Content, Refusal
from worker.wire import NotAnEvent, read_json, write_json

MOST_FIELDS = 100
NUL = re.compile(r"(?<!\\)(\\\\)*\\u0000")  # in JSON; a backslash of the text itself is doubled
FORMS = (Content.FORM, Content.MULTIPART)
Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class Raw:
    """A request as it came.

    Attributes:
        headers: names in small letters.
        token: what stands in the path between the vendor and the callback; as `token` in a query.
    """

    method: str
    query_string: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    token: str | None = field(default=None, repr=False)

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; of a name that stands twice the last."""
        pairs = _pairs(self.query_string, "replace")
        return pairs if self.token is None else pairs | {"token": self.token}

    def text(self) -> str:
        """What is kept of it: the body, or the query where there is none."""
        return self.body.decode("utf-8", "replace") if self.body else self.query_string

    def fields(self, content: Content) -> Fields:
        """The arguments.

        Raises:
            Refusal: 415 for another media type, 400 for what cannot be read.
        """
        fields: Fields = dict(self.query) if content is Content.QUERY else self._in_body(content)
        _refuse_unstorable(fields)
        return fields

    def _in_body(self, content: Content) -> Fields:
        given = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted = FORMS if content in FORMS else (content,)
        if given not in wanted or self.headers.get("content-encoding", "identity") != "identity":
            raise Refusal(415, f"expected {' or '.join(wanted)}, not encoded")
        if content is Content.JSON:
            return self._json()
        return self._parts() if given == Content.MULTIPART else self._form()

    def _json(self) -> Fields:
        try:
            content = read_json(self.body.decode("utf-8"))
        except (NotAnEvent, UnicodeDecodeError) as error:
            raise Refusal(400, f"not JSON in UTF-8: {error}") from None
        if not isinstance(content, dict):
            raise Refusal(400, "expected a JSON object")
        return content

    def _form(self) -> Fields:
        try:
            return {**_pairs(self.body.decode("utf-8"), "strict")}
        except UnicodeError as error:
            raise Refusal(400, f"the form is not UTF-8: {error}") from None

    def _parts(self) -> Fields:
        found: Fields = {}

        def on_field(field: FormField) -> None:
            if len(found) >= MOST_FIELDS:
                raise Refusal(400, f"more than {MOST_FIELDS} fields")
            name = (field.field_name or b"").decode("utf-8")
            found[name] = (field.value or b"").decode("utf-8")

        def on_file(_: File) -> None:
            raise Refusal(400, "a file was not expected")

        headers = {"Content-Type": self.headers["content-type"].encode("latin-1")}
        try:
            python_multipart.parse_form(headers, BytesIO(self.body), on_field, on_file)
        except (FormParserError, UnicodeError) as error:
            raise Refusal(400, f"the form cannot be read: {error}") from None
        return found


def _pairs(text: str, errors: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors=errors, max_num_fields=MOST_FIELDS)
    except UnicodeError:
        raise
    except ValueError:
        raise Refusal(400, f"more than {MOST_FIELDS} fields") from None
    return dict(pairs)


def _refuse_unstorable(fields: Fields) -> None:
    try:
        text = write_json(fields)
    except (NotAnEvent, RecursionError) as error:
        raise Refusal(400, str(error)) from None
    if NUL.search(text):
        raise Refusal(400, "a text holds NUL")

"""One answer as its bytes come in: its head, and its body up to a cap."""

import httptools

MOST_HEAD_BYTES = 65_536
SWITCHING = 101


class OddReply(Exception):
    """What came is no HTTP."""


class Reply:
    """Takes bytes until it is over.

    Attributes:
        status: 0 until the head has come; what only bids us wait (100, 103) is passed over.
        headers: in their order, as they were written.
        body: not more than the cap and what came with its last byte.
        over: nothing more is to be read.
        cut: there was more than the cap.
        lasting: the connection can carry another request.

    Args:
        most_bytes: the cap.
        head_only: HEAD was asked: the length that stands in the head is that of no body.
    """

    def __init__(self, most_bytes: int, *, head_only: bool = False) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = bytearray()
        self.over = False
        self.cut = False
        self.lasting = False
        self._most_bytes = most_bytes
        self._head_only = head_only
        self._head_bytes = 0
        self._until_the_end = False
        self._parser = httptools.HttpResponseParser(self)
        # An answer stands alone on its connection: what is loose in it can harm no other.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_data_after_close=True
        )

    def take(self, data: bytes) -> None:
        """The next bytes; none when the other side has ended the connection.

        Raises:
            OddReply: it cannot be read.
            ConnectionError: the end came too early.
        """
        if not data:
            self._end()
            return
        if not self.status:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.over:
                raise OddReply(str(error) or type(error).__name__) from error
            self.lasting = False  # what follows a whole answer is nobody's
        if not self.status and self._head_bytes > MOST_HEAD_BYTES:
            raise OddReply("its head has no end")

    def _end(self) -> None:
        if not self._until_the_end:
            raise ConnectionError("the connection was ended")
        self.over = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        self.headers.append((name.decode("latin-1"), value.decode("latin-1").strip()))

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        status = self._parser.get_status_code()
        if status < 200 and status != SWITCHING:
            return
        self.status = status
        self.over = self._head_only
        self.lasting = self._parser.should_keep_alive() and not self.over
        measured = {"content-length", "transfer-encoding"}
        self._until_the_end = measured.isdisjoint(name.lower() for name, _ in self.headers)

    def on_body(self, data: bytes) -> None:
        """Called by the parser."""
        if len(self.body) <= self._most_bytes:
            self.body += data
        if len(self.body) > self._most_bytes:
            self.over = self.cut = True
            self.lasting = False

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if self.status:
            self.over = True
        else:
            self.headers.clear()

    def on_message_begin(self) -> None:
        """Called by the parser: after a whole answer, it is the beginning of what nobody asked."""
        if self.over:
            self.lasting = False

"""multipart/form-data as it comes: the fields before the file, then the file's bytes as a body for the `append` intake."""

from collections.abc import AsyncIterator, Mapping

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from service.uploads.append.body import Source
from service.uploads.errors import BadForm

MAX_FIELD_BYTES = 16 << 10
MAX_FIELDS = 40


class Form:
    """One form. `open` reads up to the file; what follows the file is ignored, as S3 does. Raises BadForm."""

    def __init__(self, content_type: str, chunks: AsyncIterator[bytes]) -> None:
        kind, options = parse_options_header(content_type)
        if kind != "multipart/form-data" or not options.get("boundary"):
            raise BadForm
        self._parser = PushMultipartParser(options["boundary"], max_segment_count=MAX_FIELDS)
        self._chunks = chunks
        self._events: list[MultipartSegment | bytes | None] = []
        self.fields: dict[str, str] = {}
        self.filename = ""

    async def _event(self) -> MultipartSegment | bytes | None:
        while not self._events:
            chunk = await anext(self._chunks, b"")
            try:
                # The parser hands out views of a buffer of its own, good until it is fed again.
                self._events = [bytes(event) if isinstance(event, bytearray | memoryview) else event for event in self._parser.parse(chunk)]
            except MultipartError as error:
                raise BadForm(internal=str(error)) from error
            if not chunk and not self._events:
                raise BadForm(internal="the form ended too early")
        return self._events.pop(0)

    async def open(self) -> Source:
        """The body of the field `file`."""
        while True:
            segment = await self._event()
            if not isinstance(segment, MultipartSegment):
                raise BadForm(internal="no file in the form")
            if segment.name == "file":
                self.filename = segment.filename or ""
                return Source(self._receive)
            self.fields[segment.name] = await self._field()

    async def _field(self) -> str:
        value = b""
        while (event := await self._event()) is not None:
            if isinstance(event, bytes):
                value += event
            if len(value) > MAX_FIELD_BYTES:
                raise BadForm
        return value.decode("utf-8", "replace")

    async def _receive(self) -> Mapping[str, object]:
        try:
            event = await self._event()
        except BadForm:
            # Cut in the middle: never a shorter file that counts as whole.
            return {"type": "http.disconnect"}
        body = event if isinstance(event, bytes) else b""
        return {"type": "http.request", "body": body, "more_body": event is not None}

"""The OpenAPI document, completed with what the framework does not say of itself: how refusals look, what is public, what is closed."""

from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Litestar

from service.core.http.guards import PUBLIC
from service.core.http.problems import MEDIA_TYPE
from service.core.names import UNSAFE
from service.core.pagination import MAX_LIMIT

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457, with a stable code; docs/reference/errors.md lists the codes.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
    },
}
# What `core.names` refuses, as JSON Schema writes it.
_NAME = "^[^" + "".join(char if char == "-" else f"\\u{ord(char):04x}" for char in UNSAFE) + "/\\\\]*$"
_REVISION = r'^(\*|(W/)?"r?[0-9]{1,9}")$'


def _header(name: str, schema: dict[str, Any], *, is_required: bool = True) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": is_required, "schema": schema}


# tus 1.0: what its requests carry besides. A length may be deferred, or that of a final upload.
_RESUMABLE = _header("Tus-Resumable", {"type": "string", "enum": ["1.0.0"]})
_BYTES = {"type": "integer", "minimum": 0}
_TUS_HEADERS = {
    "post": (_RESUMABLE, _header("Upload-Length", _BYTES, is_required=False)),
    "head": (_RESUMABLE,),
    "patch": (_RESUMABLE, _header("Upload-Offset", _BYTES)),
    "delete": (_RESUMABLE,),
}
# They answer with the bytes of a file, as whatever it is.
_OF_BYTES = ("/{file_id}/content", "/content/{ticket}", "/archive/entry", "/archive-members/{ticket}")
_NOTHING = {"text/plain": {"schema": {"type": "string", "maxLength": 0}}}
_REFUSED = {"description": "Refused", "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def document(app: Litestar) -> dict[str, Any]:
    """OpenAPI 3.1 of the whole API."""
    made: dict[str, Any] = app.openapi_schema.to_schema()
    schemas = made["components"]["schemas"]
    schemas["Problem"] = _PROBLEM
    for schema in schemas.values():
        for name, field in schema.get("properties", {}).items():
            _complete(name, field)
    for name in _closed():
        if name in schemas:
            schemas[name]["additionalProperties"] = False
    public = _public(app)
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            if method in _METHODS:
                _describe(operation, path, method, is_public=(path, method) in public)
    return made


def _describe(operation: dict[str, Any], path: str, method: str, *, is_public: bool) -> None:
    # The framework's own idea of a 400 is not what our handler of errors answers.
    operation["responses"].pop("400", None)
    operation["responses"]["default"] = _REFUSED
    for parameter in operation.get("parameters", ()):
        _complete(parameter["name"], parameter["schema"])
        if parameter["name"] == "limit" and "maximum" not in parameter["schema"]:
            parameter["schema"] |= {"minimum": 1, "maximum": MAX_LIMIT}
    if method == "get" and path.endswith("/{file_id}/content"):
        operation["responses"]["302"] = {"description": "Where the bytes are", "content": _NOTHING}
    if method == "get" and path.endswith(_OF_BYTES):
        operation["responses"]["200"]["content"] = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    if method == "post" and path.endswith("/tus"):
        operation["responses"]["201"]["content"] = _NOTHING
    if "/tus" in path:
        operation.setdefault("parameters", []).extend(_TUS_HEADERS.get(method, ()))
    if is_public:
        operation["security"] = []


def _complete(name: str, schema: dict[str, Any]) -> None:
    """What the framework leaves out: a least value of 0, and what our own checks ask of names and revisions."""
    if "maximum" in schema and "oneOf" in schema:
        schema.setdefault("minimum", 0)
    if name == "name" and "maxLength" in schema:
        schema["pattern"] = _NAME
    if name == "If-Match":
        schema.clear()
        schema |= {"type": "string", "pattern": _REVISION}


def _closed() -> Iterator[str]:
    """Names of wire types that refuse fields they don't know."""
    waiting = list(msgspec.Struct.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__struct_config__.forbid_unknown_fields:
            yield kind.__name__


def _public(app: Litestar) -> set[tuple[str, str]]:
    return {
        (route.path_format, str(method).lower())
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        if handler.opt.get(PUBLIC)
        for method in handler.http_methods
    }

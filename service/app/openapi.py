"""The OpenAPI document, completed with what the framework does not say of itself: how refusals look, what is public, what is closed."""

from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Litestar

from service.core.http.guards import PUBLIC
from service.core.http.problems import MEDIA_TYPE
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
_REFUSED = {"description": "Refused", "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def document(app: Litestar) -> dict[str, Any]:
    """OpenAPI 3.1 of the whole API."""
    made: dict[str, Any] = app.openapi_schema.to_schema()
    schemas = made["components"]["schemas"]
    schemas["Problem"] = _PROBLEM
    for name in _closed():
        if name in schemas:
            schemas[name]["additionalProperties"] = False
    public = _public(app)
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            if method not in _METHODS:
                continue
            # The framework's own idea of a 400 is not what our handler of errors answers.
            operation["responses"].pop("400", None)
            operation["responses"]["default"] = _REFUSED
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "limit" and "maximum" not in parameter["schema"]:
                    parameter["schema"] |= {"minimum": 1, "maximum": MAX_LIMIT}
            if (path, method) in public:
                operation["security"] = []
    return made


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

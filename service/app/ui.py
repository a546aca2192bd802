"""The exported web UI: static files, hashed assets cached for a year, pages never."""

import base64
import hashlib
import mimetypes
import re
from pathlib import Path
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import File

from service.core.http.guards import PUBLIC

IMMUTABLE = "public, max-age=31536000, immutable"
FRESH = "no-cache"
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_MISSING_UI = "The web UI is not built. Run `make up`, or `make ui`; the API is at /api/v1/docs."


def _resolve(root: Path, path: str) -> Path | None:
    """The file for a URL path, inside `root` only."""
    target = (root / path.lstrip("/")).resolve()
    if not target.is_relative_to(root):
        return None
    if target.is_dir():
        target /= "index.html"
    return target if target.is_file() else None


def inline_script_hashes(root: Path) -> str:
    """CSP sources for the inline scripts of all pages as built, so that no other inline script runs."""
    digests = {
        base64.b64encode(hashlib.sha256(body).digest()).decode()
        for page in sorted(root.rglob("*.html"))
        for body in _INLINE_SCRIPT.findall(page.read_bytes())
    }
    return " ".join(f"'sha256-{digest}'" for digest in sorted(digests))


def ui_handlers(ui_dir: Path, policy: str) -> list[HTTPRouteHandler]:
    """Handlers for `/` and everything no other route takes. `policy` is the Content-Security-Policy of pages, to which the hashes of their inline scripts are added."""
    root = ui_dir.resolve()
    policy = policy.replace("script-src 'self'", f"script-src 'self' {inline_script_hashes(root)}")

    @get(["/", "/{path:path}"], opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=False)
    def page(request: Request[Any, Any, Any], path: str = "") -> Response[Any] | File:
        target = _resolve(root, path)
        status = 200
        if target is None:
            target, status = _resolve(root, "404.html"), 404
        if target is None:
            return Response(_MISSING_UI, status_code=404, media_type=MediaType.TEXT)
        kind = mimetypes.guess_type(target.name)[0] or "application/octet-stream"
        headers = {"Cache-Control": IMMUTABLE if "/_next/static/" in request.url.path else FRESH}
        if kind == "text/html":
            headers["Content-Security-Policy"] = policy
        return File(target, media_type=kind, content_disposition_type="inline", status_code=status, headers=headers)

    return [page]

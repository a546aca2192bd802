"""The door: every route wants a token, but for those marked public one by one; and the documents are in step with the code."""

import json
import re
import subprocess
import sys

import httpx

from service.app.assembly import assemble
from service.app.main import build
from service.cli.config import example_settings
from service.core.http.guards import PUBLIC
from tests.harness import ROOT

PUBLIC_PATHS = {
    "/api/v1/auth/login", "/api/v1/auth/token", "/api/v1/auth/refresh", "/api/v1/auth/logout", "/api/v1/auth/link", "/api/v1/auth/link/accept", "/api/v1/content/{ticket:str}", "/api/v1/zips/{ticket:str}", "/api/v1/archive-members/{ticket:str}", "/api/v1/hls/{ticket:str}/{name:str}",
    "/api/v1/openapi.json", "/healthz", "/readyz", "/metrics", "/", "/{path:path}",
    *(f"/api/v1/companion/{{ticket:str}}/s3/{path}" for path in (
        "multipart", "multipart/{upload_id:uuid}", "multipart/{upload_id:uuid}/{number:int}", "multipart/{upload_id:uuid}/batch",
        "multipart/{upload_id:uuid}/complete", "params", "form", "object",
    )),
}  # fmt: skip
ID = "01a208c5-0000-7000-8000-000000000000"


def routes():
    app = build(assemble(example_settings()))
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            for method in handler.http_methods:
                yield route.path, str(method), handler


def test_only_the_listed_routes_are_public_besides_options():
    public = {path for path, method, handler in routes() if handler.opt.get(PUBLIC) and method != "OPTIONS"}
    assert {path for path in public if not path.startswith("/api/v1/docs")} == PUBLIC_PATHS


def test_every_other_route_is_401_without_a_token(stack):
    asked = 0
    for path, method, handler in routes():
        if handler.opt.get(PUBLIC) or method == "OPTIONS":
            continue
        url = re.sub(r"\{[a-z_]+:int\}", "1", re.sub(r"\{[a-z_]+:uuid\}", ID, path))
        answer = httpx.request(
            method, f"{stack.base}{url}", headers={"Tus-Resumable": "1.0.0"}, json={} if method in {"POST", "PATCH"} else None
        )
        assert answer.status_code == 401, (method, path, answer.status_code)
        asked += 1
    assert asked > 25


def test_the_openapi_document_and_the_configuration_page_are_up_to_date():
    made = subprocess.run(
        [sys.executable, "-m", "service.cli.main", "openapi"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert json.loads(made) == json.loads((ROOT / "docs/reference/openapi.json").read_text()), "run `make docs`"
    made = subprocess.run(
        [sys.executable, "-m", "service.cli.main", "config", "--markdown"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert made == (ROOT / "docs/reference/configuration.md").read_text(), "run `make docs`"
    made = subprocess.run(
        [sys.executable, "-m", "service.cli.main", "permissions"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert made == (ROOT / "docs/reference/permissions.md").read_text(), "run `make docs`"

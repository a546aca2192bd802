"""S3 keys: requests signed by other people's signers are let in; whatever is changed on the way is not."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import httpx
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from tests.harness import TUS


class Signing(httpx.Auth):
    """Another's signer: botocore's, as aws-cli and boto3 have it."""

    requires_request_body = True

    def __init__(self, key, *, body=None, is_unsigned=False, late_s=0):
        self.key, self.body, self.is_unsigned, self.late_s = key, body, is_unsigned, late_s

    def auth_flow(self, request):
        signer = S3SigV4Auth(Credentials(self.key["access_key_id"], self.key["secret_access_key"]), "s3", "eu-central-1")
        # botocore leaves a body unsigned over TLS only, and only if told to.
        url = str(request.url.copy_with(scheme="https", port=request.url.port)) if self.is_unsigned else str(request.url)
        aws = AWSRequest(request.method, url, data=request.content if self.body is None else self.body)
        aws.context["client_config"] = Config(s3={"payload_signing_enabled": not self.is_unsigned})
        with patch("botocore.auth.get_current_datetime", lambda: datetime.now(UTC) - timedelta(seconds=self.late_s)):
            signer.add_auth(aws)
        assert (aws.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD") is self.is_unsigned
        request.headers.update(dict(aws.headers))
        yield request


def signing(stack, key, **how):
    return httpx.Client(base_url=f"{stack.base}/api/v1", auth=Signing(key, **how), timeout=60)


def test_an_s3_key_signs_requests_within_its_project_and_scopes(stack, client, project):
    wanted = {"name": "rclone", "kind": "s3", "scopes": ["read", "write"], "project_id": project}
    key = client.post("/me/keys", json=wanted).json()
    assert len(key["access_key_id"]) == 20
    assert len(key["secret_access_key"]) == 40
    assert key["token"] is None
    listed = client.get("/me/keys").json()["items"][0]
    assert (listed["kind"], listed["hint"], listed["last_used_at"]) == ("s3", key["access_key_id"], None)
    assert key["secret_access_key"] not in client.get("/me/keys").text
    assert key["secret_access_key"] not in str(stack.sql("SELECT * FROM access_keys WHERE id = %s", key["id"]))
    other = client.project("Other")
    with signing(stack, key) as tool:
        assert [row["id"] for row in tool.get("/projects?z=a%20b%2Bc~%C3%A4&limit=5&z=").json()["items"]] == [project]
        assert tool.get(f"/projects/{project}/entries", params={"sort": "name", "limit": "10"}).status_code == 200
        assert tool.post("/folders", json={"project_id": project, "path": "Füße & Hände"}).status_code == 201
        assert tool.get(f"/projects/{other}/entries").status_code == 404
        assert tool.get("/users").json()["code"] == "auth.scope_missing"
        assert tool.post("/me/keys", json={"name": "more", "scopes": ["read"]}).json()["code"] == "auth.scope_missing"
    with signing(stack, key, is_unsigned=True) as tool:
        head = {**TUS, "Upload-Length": "5", "Content-Type": "application/offset+octet-stream"}
        assert tool.post(f"/projects/{project}/tus", headers=head, content=b"bytes").status_code == 201
    assert client.get("/me/keys").json()["items"][0]["last_used_at"] is not None
    assert client.delete(f"/me/keys/{key['id']}").status_code == 204


def test_a_signature_that_does_not_fit_is_refused(stack, client, project):
    key = client.post("/me/keys", json={"name": "s3", "kind": "s3", "scopes": ["read", "write"]}).json()
    wrong = {**key, "secret_access_key": "x" * 40}
    unknown = {**key, "access_key_id": "STWGAAAAAAAAAAAAAAAA"}
    for broken in (wrong, unknown):
        with signing(stack, broken) as tool:
            assert (tool.get("/projects").status_code, tool.get("/projects").json()["code"]) == (401, "auth.signature_refused")
    with signing(stack, key, late_s=1_000) as tool:
        assert tool.get("/projects").json()["code"] == "auth.signature_refused"
    with signing(stack, key, body=b"other") as tool:
        refused = tool.post("/folders", json={"project_id": project, "path": "No"})
        assert (refused.status_code, refused.json()["code"]) == (400, "auth.payload_mismatch")
    with signing(stack, key) as tool:
        head = {**TUS, "Upload-Length": "5", "Content-Type": "application/offset+octet-stream"}
        refused = tool.post(f"/projects/{project}/tus", headers=head, content=b"bytes")
        assert refused.json()["code"] == "auth.payload_mismatch"
        signed = next(tool.auth.auth_flow(tool.build_request("GET", "/projects")))
    # The same signature for something else.
    for method, path in (("GET", "/me"), ("DELETE", "/projects"), ("GET", "/projects?limit=1")):
        assert httpx.request(method, f"{stack.base}/api/v1{path}", headers=signed.headers).status_code in {401, 405}
    assert httpx.get(f"{stack.base}/api/v1/projects", headers={**signed.headers, "x-amz-meta-more": "1"}).status_code == 401
    # The id is no secret, so it is no token.
    assert httpx.get(f"{stack.base}/api/v1/projects", headers={"Authorization": f"Bearer {key['access_key_id']}"}).status_code == 401


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_curl_signs_for_itself(stack, client, project):
    key = client.post("/me/keys", json={"name": "curl", "kind": "s3", "scopes": ["read"]}).json()
    user = f"{key['access_key_id']}:{key['secret_access_key']}"
    url = f"{stack.base}/api/v1/projects/{project}/entries?limit=3"
    command = ["curl", "-sS", "--max-time", "20", "--aws-sigv4", "aws:amz:us-east-1:s3", "--user", user, url]
    assert "items" in json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

"""Uppy, unmodified, in a real Chromium on a page of another origin: tus, and S3 multipart in both of its modes."""

import functools
import http.server
import os
import threading

import pytest

from tests.harness import ROOT, Stack, free_port

MIB = 1 << 20
PAGE = """<!doctype html><title>Uppy</title><input type="file" id="files" multiple>
<script type="module">
import { Uppy, Tus, AwsS3 } from "/uppy.min.mjs";
window.run = async ({ mode, endpoint, token, multipart }) => {
  const headers = { Authorization: `Bearer ${token}` };
  const uppy = new Uppy({ autoProceed: false });
  if (mode === "tus") uppy.use(Tus, { endpoint: `${endpoint}/tus`, headers, chunkSize: 6 * 1024 * 1024 });
  if (mode === "companion") {
    const made = await fetch(`${endpoint}/s3/endpoint`, { method: "POST", headers });
    const { companionEndpoint } = await made.json();
    uppy.use(AwsS3, { companionEndpoint, shouldUseMultipart: multipart });
  }
  if (mode === "sign") uppy.use(AwsS3, {
    shouldUseMultipart: multipart,
    signRequest: async (request) => {
      const answer = await fetch(`${endpoint}/s3/sign`, {
        method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(request) });
      if (!answer.ok) throw new Error(await answer.text());
      return answer.json();
    },
  });
  for (const file of document.getElementById("files").files) uppy.addFile({ name: file.name, type: file.type, data: file });
  const result = await uppy.upload();
  return { done: result.successful.map((file) => file.uploadURL), failed: result.failed.map((file) => String(file.error)) };
};
window.ready = true;
</script>"""


@pytest.fixture(scope="module")
def site():
    """A site that is not ours, with Uppy's own bundle."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if self.path != "/":
                super().do_GET()
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE.encode())

        def log_message(self, *_):
            pass

    port = free_port()
    handler = functools.partial(Handler, directory=ROOT / "frontend/node_modules/uppy/dist")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()


@pytest.fixture(scope="module")
def own(tmp_path_factory, site):
    env = {"STOWAGE_CORS_ORIGINS": site, "STOWAGE_EMBEDDED_STORE": os.environ.get("STOWAGE_EMBEDDED_STORE", "swift")}
    running = Stack(tmp_path_factory.mktemp("uppy"), env).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def page(site, browser):
    opened = browser.new_page()
    opened.goto(site)
    opened.wait_for_function("window.ready")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("mode", "multipart"), [("tus", False), ("companion", True), ("companion", False), ("sign", True), ("sign", False)]
)
def test_uppy(own, page, tmp_path, mode, multipart):
    bodies = {f"{mode}-{number}.bin": os.urandom(size) for number, size in enumerate((11 * MIB + 3, 700_000))}
    for name, body in bodies.items():
        (tmp_path / name).write_bytes(body)
    with own.client() as client:
        project = client.project(f"Uppy {mode} {multipart}")
        page.set_input_files("#files", [str(tmp_path / name) for name in bodies])
        result = page.evaluate(
            "options => window.run(options)",
            {
                "mode": mode,
                "endpoint": f"{own.base}/api/v1/projects/{project}",
                "token": client.tokens["access_token"],
                "multipart": multipart,
            },
        )
        assert (result["failed"], len(result["done"])) == ([], 2)
        found = client.get(f"/projects/{project}/entries").json()["items"]
        assert {entry["name"]: client.content(entry["id"]) for entry in found} == bodies

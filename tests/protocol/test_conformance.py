"""Our own server passes every check; and the suite finds the faults of a server that has them."""

import http.server
import subprocess
import threading
from pathlib import Path

import httpx
import pytest

from tests.harness import NODE, free_port
from tests.protocol import core, extensions, suite

assert core and extensions


@pytest.fixture
def target(stack, client, project):
    return f"{stack.base}/api/v1/projects/{project}/tus", {"Authorization": client.headers["Authorization"]}


def test_every_check_passes_here(target):
    results = suite.run(suite.Server(*target))
    assert [result for result in results if result["outcome"] != "passed"] == []
    assert len(results) > 40


FAULTS = {
    "wrong_version_is_412": lambda request, answer: (204, answer) if request.headers.get("tus-resumable") == "9.9.9" else None,
    "head_is_not_cached": lambda _request, answer: (None, {name: value for name, value in answer.items() if name != "cache-control"}),
    "patch_at_a_wrong_offset": lambda _request, answer: (204, answer) if "upload-offset" not in answer else None,
    "bad_checksum": lambda request, answer: (204, answer) if "upload-checksum" in request.headers else None,
    "every_answer_names_the_version": lambda _request, answer: (
        None,
        {name: value for name, value in answer.items() if name != "tus-resumable"},
    ),
}


@pytest.fixture
def tus_node(tmp_path):
    """@tus/server, unmodified, with its file store."""
    command = [NODE, Path(__file__).with_name("tus_node_server.mjs"), tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/files"
        process.terminate()


def test_a_peer_is_examined_and_its_known_faults_are_found(tus_node):
    results = {result["check"]: result["outcome"] for result in suite.run(suite.Server(tus_node))}
    found = {name for name, outcome in results.items() if outcome in {"failed", "broken"}}
    assert found >= {"wrong_version_is_412", "method_override", "empty_metadata_header"}
    assert results["creation_answers_201_with_location"] == results["patch_in_pieces"] == "passed"
    assert results["bad_checksum"] == "not offered"


@pytest.fixture
def spoiling(target):
    """A proxy before our server that spoils answers by one of FAULTS."""
    url, headers = target
    running = []

    def start(fault):
        base = url.partition("/api/")[0]
        upstream = httpx.Client(base_url=base, timeout=30)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def relay(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                sent = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "content-length"}}
                got = upstream.request(self.command, self.path, headers=sent, content=body)
                dropped = {"content-length", "transfer-encoding", "connection", "content-encoding"}
                answer = {name.lower(): value for name, value in got.headers.items() if name.lower() not in dropped}
                if "location" in answer:
                    answer["location"] = answer["location"].replace(base, own)
                spoiled = FAULTS[fault](self, answer)
                code, answer = (spoiled[0] or got.status_code, spoiled[1]) if spoiled else (got.status_code, answer)
                self.send_response_only(code)
                for name, value in answer.items():
                    self.send_header(name, value)
                content = b"" if self.command == "HEAD" or code == 204 else got.content
                if code != 204:
                    self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_PATCH = do_HEAD = do_OPTIONS = do_DELETE = relay  # noqa: N815  the names http.server calls

            def log_message(self, *_):
                pass

        port = free_port()
        own = f"http://127.0.0.1:{port}"
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return suite.Server(url.replace(base, own), headers)

    yield start
    for server in running:
        server.shutdown()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(spoiling, fault):
    results = {result["check"]: result["outcome"] for result in suite.run(spoiling(fault))}
    assert results[fault] == "failed"

"""Core protocol: OPTIONS, HEAD, PATCH, versions."""

from tests.protocol.suite import RECOMMENDED, TUS, NotOffered, Server, check, encoded, header, is_not, some, status

KIB = 1024


@check("OPTIONS")
def options_names_versions(server: Server) -> None:
    """OPTIONS answers 200 or 204 with Tus-Version, whatever Tus-Resumable says."""
    answer = status(server.http.options(server.url, headers={"Tus-Resumable": "0.0.1"}), 200, 204)
    is_not("1.0.0" not in header(answer, "Tus-Version").split(","), "Tus-Version does not have 1.0.0")


@check("OPTIONS", RECOMMENDED)
def options_tells_the_maximum(server: Server) -> None:
    """A server with a largest size tells it as Tus-Max-Size: a whole number of bytes."""
    if "tus-max-size" not in server.options.headers:
        raise NotOffered
    is_not(server.max_size <= 0, f"Tus-Max-Size is {server.max_size}")


@check("Headers")
def every_answer_names_the_version(server: Server) -> None:
    """Tus-Resumable is on every answer but that to OPTIONS, errors too."""
    url = server.create(10)
    for answer in (server.head(url), server.patch(url, 5, b"x"), server.post({"Upload-Length": "-1"})):
        header(answer, "Tus-Resumable", "1.0.0")


@check("Headers")
def wrong_version_is_412(server: Server) -> None:
    """A request with an unsupported Tus-Resumable is 412 with Tus-Version, and is not processed."""
    url = server.create(10)
    answer = status(server.patch(url, 0, b"x" * 10, Tus_Resumable="9.9.9"), 412)
    header(answer, "Tus-Version")
    is_not(server.offset(url) != 0, "the bytes were taken all the same")


@check("Headers", RECOMMENDED)
def missing_version_is_412(server: Server) -> None:
    """A PATCH without Tus-Resumable is 412."""
    url = server.create(10)
    status(server.patch(url, 0, b"x" * 10, Tus_Resumable=None), 412)


@check("HEAD")
def head_shows_offset_and_length(server: Server) -> None:
    """HEAD answers 200 or 204 with Upload-Offset (also 0) and Upload-Length."""
    url = server.create(10)
    answer = status(server.head(url), 200, 204)
    header(answer, "Upload-Offset", "0")
    header(answer, "Upload-Length", "10")


@check("HEAD")
def head_is_not_cached(server: Server) -> None:
    """HEAD answers with Cache-Control: no-store."""
    is_not("no-store" not in header(server.head(server.create(1)), "Cache-Control"), "Cache-Control without no-store")


@check("HEAD")
def head_of_nothing(server: Server) -> None:
    """HEAD of an unknown upload is 404, 410 or 403, without Upload-Offset."""
    known = server.create(1)
    unknown = known.replace(known.rpartition("/")[2], "01a208c5-0000-7000-8000-00000000ffff")
    answer = status(server.head(unknown), 404, 410, 403)
    is_not("upload-offset" in answer.headers, "Upload-Offset on an unknown upload")


@check("HEAD")
def head_after_the_end(server: Server) -> None:
    """HEAD of a finished upload shows an offset equal to its length."""
    header(server.head(server.upload(some(KIB))), "Upload-Offset", str(KIB))


@check("PATCH")
def patch_in_pieces(server: Server) -> None:
    """PATCH answers 204 with the new offset, for first, middle and last bytes."""
    url, body = server.create(3 * KIB), some(3 * KIB)
    for start in (0, KIB, 2 * KIB):
        header(status(server.patch(url, start, body[start : start + KIB]), 204), "Upload-Offset", str(start + KIB))


@check("PATCH")
def patch_at_a_wrong_offset(server: Server) -> None:
    """A PATCH at another offset is 409 and changes nothing."""
    url = server.create(2 * KIB)
    status(server.patch(url, 0, some(KIB)), 204)
    for wrong in (0, KIB + 1):
        status(server.patch(url, wrong, some(10)), 409)
    is_not(server.offset(url) != KIB, "the offset moved")


@check("PATCH", RECOMMENDED)
def patch_needs_its_content_type(server: Server) -> None:
    """A PATCH with another Content-Type is 415."""
    url = server.create(10)
    status(server.patch(url, 0, b"x" * 10, Content_Type="text/plain"), 415)
    is_not(server.offset(url) != 0, "the bytes were taken all the same")


@check("PATCH")
def patch_of_nothing(server: Server) -> None:
    """A PATCH of an unknown upload is 404 or 410 (403 where existence is not told)."""
    known = server.create(1)
    status(server.patch(known.replace(known.rpartition("/")[2], "01a208c5-0000-7000-8000-00000000ffff"), 0, b"x"), 404, 410, 403)


@check("PATCH", RECOMMENDED)
def patch_without_a_good_offset(server: Server) -> None:
    """A missing, negative or fractional Upload-Offset is 400."""
    url = server.create(10)
    for wrong in (None, "-1", "1.5", "abc"):
        status(server.patch(url, 0, b"x", Upload_Offset=wrong), 400)


@check("PATCH", RECOMMENDED)
def patch_past_the_end(server: Server) -> None:
    """A body beyond the declared length is refused (413 or 400), and the upload is not finished by it."""
    url = server.create(10)
    status(server.patch(url, 0, b"x" * 11), 413, 400)
    is_not(server.offset(url) >= 10, "the upload counts as finished")


@check("PATCH")
def empty_patch(server: Server) -> None:
    """An empty PATCH at the right offset is 204 and changes nothing."""
    url = server.create(10)
    header(status(server.patch(url, 0, b""), 204), "Upload-Offset", "0")


@check("PATCH")
def chunked_patch(server: Server) -> None:
    """A body in chunked encoding is taken."""
    url = server.create(4 * KIB)
    status(server.patch(url, 0, iter([b"a" * KIB] * 4)), 204)
    is_not(server.offset(url) != 4 * KIB, "not all bytes were kept")


@check("PATCH", RECOMMENDED)
def body_past_a_finished_upload(server: Server) -> None:
    """Bytes sent to a finished upload are refused; the answer is no 5xx."""
    answer = server.patch(server.upload(some(10)), 10, b"more")
    is_not(answer.status_code < 400 or answer.status_code >= 500, f"answered {answer.status_code}")


@check("PATCH", RECOMMENDED)
def bytes_before_a_break_are_kept(server: Server) -> None:
    """What arrived before a connection broke is kept, and shown by the next HEAD."""
    import socket
    import time
    from urllib.parse import urlsplit

    size = 256 * KIB
    url = server.create(2 * size)
    parts = urlsplit(url)
    lines = [f"PATCH {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Tus-Resumable: 1.0.0", "Upload-Offset: 0"]
    lines += ["Content-Type: application/offset+octet-stream", f"Content-Length: {2 * size}"]
    lines += [f"{name}: {value}" for name, value in server.headers.items()]
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + b"x" * size)
        time.sleep(0.5)
    time.sleep(0.5)
    is_not(server.offset(url) <= 0, "nothing was kept")


@check("Headers", RECOMMENDED)
def method_override(server: Server) -> None:
    """X-HTTP-Method-Override on a POST is obeyed."""
    url = server.create(10)
    headers = {**TUS, "X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    status(server.http.post(url, headers=headers, content=b"x" * 10), 204)


@check("CORS", RECOMMENDED)
def errors_can_be_read_by_browsers(server: Server) -> None:
    """With an Origin that is allowed on an answer, errors carry the same permission."""
    url = server.create(10)
    origin = {"Origin": "http://localhost:3000"}
    allowed = server.head(url, origin).headers.get("access-control-allow-origin")
    is_not(allowed is None, "no Access-Control-Allow-Origin for http://localhost:3000")
    answer = server.http.patch(url, headers={**TUS, **origin, "Upload-Offset": "3", "Content-Type": "application/offset+octet-stream"})
    header(answer, "Access-Control-Allow-Origin", str(allowed))
    is_not("upload-offset" not in header(answer, "Access-Control-Expose-Headers").lower(), "Upload-Offset is not exposed")


@check("Creation", RECOMMENDED, "creation")
def metadata_is_echoed(server: Server) -> None:
    """HEAD gives Upload-Metadata as it was sent, with empty values."""
    said = encoded(filename="grüße.bin", empty="")
    header(server.head(server.create(1, Upload_Metadata=said)), "Upload-Metadata", said)

"""The extensions, each only where the server announces it."""

import base64
import hashlib

from tests.protocol.suite import OFFSET, RECOMMENDED, TUS, Server, check, encoded, header, is_not, some, status

KIB = 1024


@check("Creation", extension="creation")
def creation_answers_201_with_location(server: Server) -> None:
    """POST answers 201 with a Location that HEAD knows."""
    status(server.head(server.create(10)), 200, 204)


@check("Creation", extension="creation")
def empty_upload(server: Server) -> None:
    """An upload of length 0 can be created and is finished."""
    header(server.head(server.create(0)), "Upload-Offset", "0")


@check("Creation", extension="creation")
def too_large_is_413(server: Server) -> None:
    """A length above Tus-Max-Size is 413."""
    if server.max_size:
        status(server.post({"Upload-Length": str(server.max_size + 1)}), 413)


@check("Creation", RECOMMENDED, "creation")
def bad_lengths(server: Server) -> None:
    """Upload-Length is a non-negative integer: anything else, or none at all, is 400."""
    for wrong in ("-1", "1.5", "abc"):
        status(server.post({"Upload-Length": wrong}), 400)
    status(server.post(), 400)


@check("Creation", RECOMMENDED, "creation")
def empty_metadata_header(server: Server) -> None:
    """An empty Upload-Metadata header is legal (tuspy sends it)."""
    status(server.post({"Upload-Length": "1", "Upload-Metadata": ""}), 201)


@check("Creation", RECOMMENDED, "creation")
def bad_metadata(server: Server) -> None:
    """Metadata with a repeated key or a value that is no Base64 is 400."""
    for wrong in ("a YQ==,a YQ==", "a !!!"):
        status(server.post({"Upload-Length": "1", "Upload-Metadata": wrong}), 400)


@check("Creation With Upload", extension="creation-with-upload")
def creation_with_upload(server: Server) -> None:
    """The body of a POST is the upload's beginning; Upload-Offset tells how much of it was taken."""
    body = some(KIB)
    answer = status(server.post({"Upload-Length": str(2 * KIB), **OFFSET}, body), 201)
    header(answer, "Upload-Offset", str(KIB))
    is_not(server.offset(str(answer.request.url.join(header(answer, "Location")))) != KIB, "HEAD says otherwise")


@check("Creation With Upload", RECOMMENDED, "creation-with-upload")
def creation_with_too_long_a_body(server: Server) -> None:
    """A body longer than Upload-Length is refused."""
    answer = server.post({"Upload-Length": "5", **OFFSET}, b"x" * 6)
    is_not(not 400 <= answer.status_code < 500, f"answered {answer.status_code}")


@check("Creation Defer Length", extension="creation-defer-length")
def deferred_length(server: Server) -> None:
    """Upload-Defer-Length: 1 is shown by HEAD until a PATCH tells the length."""
    url = server.create(None)
    answer = server.head(url)
    header(answer, "Upload-Defer-Length", "1")
    is_not("upload-length" in answer.headers, "Upload-Length while it is deferred")
    status(server.patch(url, 0, b"x" * 5), 204)
    status(server.patch(url, 5, b"y" * 5, Upload_Length="10"), 204)
    header(server.head(url), "Upload-Length", "10")


@check("Creation Defer Length", extension="creation-defer-length")
def deferred_is_one(server: Server) -> None:
    """Upload-Defer-Length other than 1 is 400."""
    status(server.post({"Upload-Defer-Length": "2"}), 400)


@check("Creation Defer Length", RECOMMENDED, "creation-defer-length")
def length_is_told_once(server: Server) -> None:
    """A length that is known can't be changed."""
    url = server.create(None)
    status(server.patch(url, 0, b"x" * 5, Upload_Length="10"), 204)
    answer = server.patch(url, 5, b"y" * 5, Upload_Length="11")
    is_not(answer.status_code < 400, f"answered {answer.status_code}")


@check("Expiration", extension="expiration")
def expires(server: Server) -> None:
    """An unfinished upload's answers carry Upload-Expires as an HTTP date."""
    from email.utils import parsedate_to_datetime

    url = server.create(10)
    answer = status(server.patch(url, 0, b"x" * 5), 204)
    is_not(parsedate_to_datetime(header(answer, "Upload-Expires")).tzinfo is None, "no date with a zone")


@check("Termination", extension="termination")
def terminate(server: Server) -> None:
    """DELETE answers 204; afterwards the URL is 404 or 410."""
    url = server.create(10)
    status(server.delete(url), 204)
    status(server.head(url), 404, 410)
    status(server.patch(url, 0, b"x" * 10), 404, 410)


@check("Termination", RECOMMENDED, "termination")
def terminate_a_finished_one(server: Server) -> None:
    """A finished upload can be terminated, or that is refused in plain words: never 204 with the upload still there."""
    url = server.upload(some(KIB))
    answer = server.delete(url)
    if answer.status_code == 204:
        status(server.head(url), 404, 410)
    else:
        is_not(not 400 <= answer.status_code < 500, f"answered {answer.status_code}")
        is_not(server.head(url).status_code not in {200, 204}, "refused, and gone all the same")


def _sum(algorithm: str, body: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, body, usedforsecurity=False).digest()).decode()}"


@check("Checksum", extension="checksum")
def checksum_algorithms(server: Server) -> None:
    """OPTIONS lists Tus-Checksum-Algorithm with sha1."""
    is_not("sha1" not in header(server.http.options(server.url), "Tus-Checksum-Algorithm").split(","), "no sha1")


@check("Checksum", extension="checksum")
def good_checksum(server: Server) -> None:
    """A body with its checksum is taken."""
    url, body = server.create(KIB), some(KIB)
    status(server.patch(url, 0, body, Upload_Checksum=_sum("sha1", body)), 204)


@check("Checksum", extension="checksum")
def bad_checksum(server: Server) -> None:
    """A body with another's checksum is 460 and nothing of it is kept."""
    url, body = server.create(KIB), some(KIB)
    status(server.patch(url, 0, body, Upload_Checksum=_sum("sha1", b"another")), 460)
    is_not(server.offset(url) != 0, "the offset moved")


@check("Checksum", extension="checksum")
def unknown_algorithm(server: Server) -> None:
    """An algorithm that is not supported is 400."""
    url = server.create(10)
    status(server.patch(url, 0, b"x" * 10, Upload_Checksum="rot13 AAAA"), 400)


@check("Checksum", RECOMMENDED, "checksum")
def malformed_checksum(server: Server) -> None:
    """A checksum that is no Base64, or no pair, is 400."""
    url = server.create(10)
    for wrong in ("sha1", "sha1 !!!", ""):
        status(server.patch(url, 0, b"x" * 10, Upload_Checksum=wrong), 400)


def _partial(server: Server, body: bytes) -> str:
    url = server.create(len(body), Upload_Concat="partial")
    status(server.patch(url, 0, body), 204)
    return url


@check("Concatenation", extension="concatenation")
def partials_become_a_final(server: Server) -> None:
    """A final upload has the length of its partials, and HEAD says what it is made of."""
    parts = [_partial(server, some(size)) for size in (KIB, 7)]
    final = status(server.post({"Upload-Concat": f"final;{' '.join(parts)}"}), 201)
    answer = server.head(str(final.request.url.join(header(final, "Location"))))
    header(answer, "Upload-Length", str(KIB + 7))
    is_not(not header(answer, "Upload-Concat").startswith("final;"), "Upload-Concat does not begin with final;")


@check("Concatenation", extension="concatenation")
def head_of_a_partial(server: Server) -> None:
    """HEAD of a partial upload has Upload-Concat: partial."""
    header(server.head(server.create(10, Upload_Concat="partial")), "Upload-Concat", "partial")


@check("Concatenation", extension="concatenation")
def final_takes_no_bytes(server: Server) -> None:
    """PATCH of a final upload is 403."""
    final = status(server.post({"Upload-Concat": f"final;{_partial(server, some(10))}"}), 201)
    status(server.patch(str(final.request.url.join(header(final, "Location"))), 0, b"x"), 403)


@check("Concatenation", RECOMMENDED, "concatenation")
def nonsense_concat(server: Server) -> None:
    """Upload-Concat that is neither partial nor final with URLs is 400."""
    for wrong in ("final;", "something", "final;http://elsewhere.invalid/files/1"):
        is_not(not 400 <= server.post({"Upload-Concat": wrong}).status_code < 500, f"{wrong!r} was not refused")


@check("Creation", RECOMMENDED, "creation")
def location_is_followed_by_clients(server: Server) -> None:
    """Location can be followed as it is (absolute, or relative to the request)."""
    answer = status(server.post({"Upload-Length": "1", "Upload-Metadata": encoded(filename="x")}), 201)
    status(server.http.head(str(answer.request.url.join(header(answer, "Location"))), headers=TUS), 200, 204)

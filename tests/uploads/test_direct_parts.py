"""S3 multipart straight from the client: Companion's contract, signRequest with its XML, small files, and what must not be possible."""

import os
import re

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from service.core.settings import load
from tests.harness import TUS, wait_until

MIB = 1 << 20
BODY = os.urandom(12 * MIB + 5)
PARTS = [BODY[start : start + 5 * MIB] for start in range(0, len(BODY), 5 * MIB)]


def plain(stack, client, project):
    """Uppy's own client: no header but the content type, everything under a ticket."""
    endpoint = client.post(f"/projects/{project}/s3/endpoint").json()["companionEndpoint"]
    assert endpoint.startswith(stack.base)
    return httpx.Client(base_url=f"{endpoint}/s3", timeout=60)


def begin(uppy, name="film.bin", **more):
    made = uppy.post("/multipart", json={"filename": name, "type": "application/octet-stream", "metadata": {"name": name}, **more})
    assert made.status_code == 200, made.text
    return made.json()


def url_of(uppy, upload, number, size=None):
    asked = uppy.get(f"/multipart/{upload}/{number}", params={"key": "x", **({"size": size} if size else {})})
    assert asked.status_code == 200, asked.text
    return asked.json()["url"]


def send(url, body):
    answer = httpx.put(url, content=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"].strip('"')


def complete(uppy, upload, etags):
    listed = [{"PartNumber": number, "ETag": etag} for number, etag in etags.items()]
    return uppy.post(f"/multipart/{upload}/complete", params={"key": "x"}, json={"parts": listed})


def file_at(client, location):
    return client.get(f"/files/{location.split('/files/')[1].split('/')[0]}").json()


def quota_of(stack, project):
    return stack.sql("SELECT reserved_bytes, used_bytes FROM quota_slots WHERE owner_kind = 'project' AND owner_id = %s", project)[0]


@pytest.mark.parametrize("tells_size", [False, True])
def test_parts_in_any_order_and_twice_become_the_file(stack, client, project, tells_size):
    uppy = plain(stack, client, project)
    made = begin(uppy, "a/b/film.bin", **({"size": len(BODY)} if tells_size else {}))
    upload, etags = made["uploadId"], {}
    for number in (3, 1, 2, 1):
        body = PARTS[number - 1]
        etags[number] = send(url_of(uppy, upload, number, len(body) if tells_size else None), body)
    there = uppy.get(f"/multipart/{upload}", params={"key": "x"}).json()
    assert [(part["PartNumber"], part["Size"]) for part in there] == [(number, len(part)) for number, part in enumerate(PARTS, 1)]
    answer = complete(uppy, upload, etags)
    assert answer.status_code == 200, answer.text
    file = file_at(client, answer.json()["location"])
    assert file["name"] == "film.bin"
    assert client.content(file["id"]) == BODY
    assert quota_of(stack, project) == (0, len(BODY))
    assert complete(uppy, upload, etags).json() == answer.json()
    assert len(uppy.get(f"/multipart/{upload}", params={"key": "x"}).json()) == 3


def test_a_folder_and_the_way_below_it_are_kept(stack, client, project):
    folder = client.post("/folders", json={"project_id": project, "path": "rushes"}).json()["id"]
    asked = {"filename": "a.bin", "metadata": {"relativePath": "day 1/a.bin"}, "size": len(BODY)}
    made = client.post(f"/projects/{project}/s3/multipart", params={"folder": folder}, json=asked).json()
    uppy = plain(stack, client, project)
    etags = {number: send(url_of(uppy, made["uploadId"], number), part) for number, part in enumerate(PARTS, 1)}
    found = file_at(client, complete(uppy, made["uploadId"], etags).json()["location"])
    names = "SELECT d.name, p.name FROM folders d JOIN folders p ON p.id = d.parent_id WHERE d.id = %s"
    assert stack.sql(names, found["folder_id"]) == [("day 1", "rushes")]


def test_a_url_used_after_the_end_changes_nothing(stack, client, project):
    uppy = plain(stack, client, project)
    upload = begin(uppy)["uploadId"]
    urls = {number: url_of(uppy, upload, number) for number in (1, 2, 3)}
    etags = {number: send(url, PARTS[number - 1]) for number, url in urls.items()}
    location = complete(uppy, upload, etags).json()["location"]
    assert httpx.put(urls[1], content=os.urandom(5 * MIB), timeout=60).status_code >= 400
    assert uppy.get(f"/multipart/{upload}/1", params={"key": "x"}).status_code in {410, 423}
    assert client.content(file_at(client, location)["id"]) == BODY


def test_a_url_for_so_many_bytes_takes_no_others_and_no_other_part(stack, client, project):
    uppy = plain(stack, client, project)
    upload = begin(uppy, size=len(BODY))["uploadId"]
    url = url_of(uppy, upload, 1, 5 * MIB)
    assert httpx.put(url, content=os.urandom(5 * MIB + 1), timeout=60).status_code == 403
    assert httpx.put(url.replace("partNumber=1", "partNumber=2"), content=PARTS[0], timeout=60).status_code == 403
    assert httpx.get(url, timeout=60).status_code == 403
    send(url, PARTS[0])


@pytest.mark.parametrize(
    ("numbers", "spoil", "size"),
    [((1, 3), False, None), ((1, 2, 3), True, None), ((), False, None), ((1, 2), False, len(BODY)), ((2, 3), False, None)],
    ids=["gap", "wrong etag", "nothing", "short of the declared length", "not from one"],
)
def test_a_list_that_is_not_the_file_is_refused_and_can_be_put_right(stack, client, project, numbers, spoil, size):
    uppy = plain(stack, client, project)
    upload = begin(uppy, **({"size": size} if size else {}))["uploadId"]
    etags = {number: send(url_of(uppy, upload, number), PARTS[number - 1]) for number in (1, 2, 3)}
    wrong = {number: "0" * 32 if spoil else etags[number] for number in numbers}
    answer = complete(uppy, upload, wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "uploads.parts_mismatch")
    answer = complete(uppy, upload, etags)
    assert answer.status_code == 200, answer.text
    assert client.content(file_at(client, answer.json()["location"])["id"]) == BODY


def test_a_small_part_that_is_not_the_last_is_refused(stack, client, project):
    uppy = plain(stack, client, project)
    upload = begin(uppy)["uploadId"]
    etags = {1: send(url_of(uppy, upload, 1), b"too small"), 2: send(url_of(uppy, upload, 2), PARTS[1])}
    assert complete(uppy, upload, etags).json()["code"] == "uploads.parts_mismatch"


def test_abort_frees_the_quota_and_the_store(stack, client, project):
    uppy = plain(stack, client, project)
    upload = begin(uppy)["uploadId"]
    url = url_of(uppy, upload, 1)
    send(url, PARTS[0])
    assert quota_of(stack, project)[0] == 5 * MIB
    assert uppy.delete(f"/multipart/{upload}", params={"key": "x"}).status_code == 200
    wait_until(lambda: quota_of(stack, project) == (0, 0), 10, 0.2, "the quota to be free")
    assert httpx.put(url, content=PARTS[0], timeout=60).status_code >= 400
    assert uppy.get(f"/multipart/{upload}", params={"key": "x"}).status_code == 410


def test_quota_is_charged_as_parts_are_signed_and_a_part_too_many_is_refused(stack, client, project):
    uppy = plain(stack, client, project)
    upload = begin(uppy)["uploadId"]
    stack.sql("UPDATE quota_slots SET limit_bytes = %s WHERE owner_kind = 'project' AND owner_id = %s", 11 * MIB, project)
    url_of(uppy, upload, 1)
    url_of(uppy, upload, 1)
    url_of(uppy, upload, 2)
    assert quota_of(stack, project)[0] == 10 * MIB
    assert uppy.get(f"/multipart/{upload}/3", params={"key": "x"}).status_code == 413
    assert quota_of(stack, project)[0] == 10 * MIB


def test_urls_for_several_parts_at_once(stack, client, project):
    uppy = plain(stack, client, project)
    upload = begin(uppy)["uploadId"]
    urls = uppy.get(f"/multipart/{upload}/batch", params={"key": "x", "partNumbers": "1,2,3"}).json()["presignedUrls"]
    etags = {int(number): send(url, PARTS[int(number) - 1]) for number, url in urls.items()}
    assert complete(uppy, upload, etags).status_code == 200
    many = ",".join(str(number) for number in range(1, 102))
    assert uppy.get(f"/multipart/{upload}/batch", params={"key": "x", "partNumbers": many}).status_code == 400


def test_nobody_else_and_no_other_protocol_can_touch_it(stack, client, project):
    uppy = plain(stack, client, project)
    upload = begin(uppy)["uploadId"]
    other = client.project("Other")
    assert client.get(f"/projects/{other}/s3/multipart/{upload}").status_code == 404
    for answer in (
        client.head(f"/tus/{upload}", headers=TUS),
        client.append(f"{stack.base}/api/v1/tus/{upload}", 0, b"x"),
    ):
        assert answer.status_code == 404
    endpoint = str(uppy.base_url)
    assert httpx.get(endpoint.replace("/companion/", "/companion/A") + f"multipart/{upload}").status_code == 401
    assert httpx.post(f"{stack.base}/api/v1/projects/{project}/s3/multipart", json={"filename": "x"}).status_code == 401


def test_a_small_file_as_a_form(stack, client, project):
    uppy = plain(stack, client, project)
    told = uppy.get("/params", params={"filename": "grüße.txt", "type": "text/plain", "metadata[name]": "x"}).json()
    assert told["method"] == "POST"
    body = os.urandom(3 * MIB)
    answer = httpx.post(told["url"], data=told["fields"], files={"file": ("blob", body)}, timeout=60)
    assert answer.status_code == 201, answer.text
    file = file_at(client, answer.headers["location"])
    assert file["name"] == "grüße.txt"
    assert client.content(file["id"]) == body
    assert quota_of(stack, project) == (0, len(body))


def test_a_form_that_breaks_off_leaves_nothing(stack, client, project):
    uppy = plain(stack, client, project)
    told = uppy.get("/params", params={"filename": "half.bin", "type": ""}).json()
    form = b'--B\r\nContent-Disposition: form-data; name="key"\r\n\r\nhalf.bin\r\n--B\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=B"}
    assert httpx.post(told["url"], content=form + b"x" * 1000, headers=kind).status_code == 503
    assert httpx.post(told["url"], content=b"no form", headers=kind).json()["code"] == "uploads.bad_form"
    assert httpx.post(told["url"], content=b"{}", headers={"Content-Type": "application/json"}).json()["code"] == "uploads.bad_form"
    wait_until(lambda: quota_of(stack, project) == (0, 0), 10, 0.2, "the quota to be free")
    assert client.get(f"/projects/{project}/entries").json()["items"] == []


def test_sign_request_speaks_s3s_xml(client, project):
    def sign(**request):
        answer = client.post(f"/projects/{project}/s3/sign", json=request)
        assert answer.status_code == 200, answer.text
        return answer.json()["url"]

    key = "9b2f2f4e-0d8e-4f0a-9a2e-4a6d9a0c7f11-big.bin"
    made = httpx.post(sign(method="POST", key=key, contentType="application/octet-stream"))
    upload = re.search("<UploadId>(.*?)</UploadId>", made.text)[1]
    etags = [
        send(sign(method="PUT", key=key, uploadId=upload, partNumber=number, size=len(body)), body) for number, body in enumerate(PARTS, 1)
    ]
    listed = httpx.get(sign(method="GET", key=key, uploadId=upload)).text
    assert re.findall("<ETag>&quot;(.*?)&quot;</ETag>", listed) == etags or re.findall('<ETag>"(.*?)"</ETag>', listed) == etags
    xml = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>" for number, etag in enumerate(etags, 1))
    done = httpx.post(
        sign(method="POST", key=key, uploadId=upload), content=f"<CompleteMultipartUpload>{xml}</CompleteMultipartUpload>", timeout=60
    )
    assert done.status_code == 200, done.text
    file = file_at(client, re.search("<Location>(.*?)</Location>", done.text)[1])
    assert file["name"] == "big.bin"
    assert client.content(file["id"]) == BODY


def test_sign_request_for_a_small_file_and_for_an_empty_one(client, project):
    for name, body in (("small.bin", os.urandom(2 * MIB)), ("empty.bin", b"")):
        url = client.post(f"/projects/{project}/s3/sign", json={"method": "PUT", "key": name, "contentType": "x/y"}).json()["url"]
        answer = httpx.put(url, content=body, timeout=60)
        assert answer.status_code == 200, answer.text
        file = file_at(client, answer.headers["location"])
        assert (file["name"], client.content(file["id"])) == (name, body)


def test_the_identity_in_those_urls_can_do_nothing_else(stack):
    settings = load(stack.settings_env()).store
    s3 = boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        aws_access_key_id=settings.parts_access_key,
        aws_secret_access_key=settings.parts_secret_key,
        region_name=settings.region,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
    )
    for attempt in (
        lambda: s3.put_object(Bucket=settings.originals, Key="o/x/1", Body=b"x"),
        lambda: s3.get_object(Bucket=settings.originals, Key="p/x/1"),
        lambda: s3.list_objects_v2(Bucket=settings.originals),
        lambda: s3.delete_object(Bucket=settings.originals, Key="p/x/1"),
        lambda: s3.create_bucket(Bucket="of-its-own"),
    ):
        with pytest.raises(ClientError) as refused:
            attempt()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403

"""Make the buckets; give the presigner an identity that can only read, in the way each store knows."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException, S3Error

from minio import Minio, MinioAdmin
from service.core.settings import StoreSettings

POLICIES = Path(__file__).resolve().parents[2] / "minio" / "policies"
READ_POLICY = "stowage-read"


def prepare_store(settings: StoreSettings) -> None:
    """Raises S3Error, OSError where the store can't be prepared."""
    parts = urlsplit(settings.endpoint)
    client = Minio(
        parts.netloc, access_key=settings.access_key, secret_key=settings.secret_key, secure=parts.scheme == "https", region=settings.region
    )
    for bucket in (settings.originals, settings.derived, settings.imports):
        if not client.bucket_exists(bucket_name=bucket):
            client.make_bucket(bucket_name=bucket)
    if settings.presign_access_key in {"", settings.access_key}:
        return
    if ":" not in settings.presign_access_key:
        # An embedded Swift's reader is made by its configuration.
        _grant_minio_reader(settings, parts.netloc, is_tls=parts.scheme == "https")


def _grant_minio_reader(settings: StoreSettings, host: str, *, is_tls: bool) -> None:
    admin = MinioAdmin(endpoint=host, credentials=StaticProvider(settings.access_key, settings.secret_key), secure=is_tls)
    document = (POLICIES / "read.json").read_text(encoding="utf-8").replace("PREFIX", settings.bucket_prefix)
    try:
        admin.policy_add(READ_POLICY, policy=json.loads(document))
        admin.user_add(settings.presign_access_key, settings.presign_secret_key)
        admin.policy_set(READ_POLICY, user=settings.presign_access_key)
    except (MinioAdminException, S3Error) as error:
        # A policy that is attached already is reported as an error.
        if "already" not in str(error):
            raise

"""Make the buckets; give who signs URLs identities that can only read, or only write parts, in the way each store knows."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException, S3Error

from minio import Minio, MinioAdmin
from service.core.settings import StoreSettings

POLICIES = Path(__file__).resolve().parents[2] / "minio" / "policies"


def prepare_store(settings: StoreSettings) -> None:
    """Raises S3Error, OSError where the store can't be prepared."""
    parts = urlsplit(settings.endpoint)
    client = Minio(
        parts.netloc, access_key=settings.access_key, secret_key=settings.secret_key, secure=parts.scheme == "https", region=settings.region
    )
    for bucket in (settings.originals, settings.derived, settings.imports):
        if not client.bucket_exists(bucket_name=bucket):
            client.make_bucket(bucket_name=bucket)
    admin = MinioAdmin(
        endpoint=parts.netloc, credentials=StaticProvider(settings.access_key, settings.secret_key), secure=parts.scheme == "https"
    )
    identities = {
        "read": (settings.presign_access_key, settings.presign_secret_key),
        "parts": (settings.parts_access_key, settings.parts_secret_key),
    }
    for policy, (key, secret) in identities.items():
        # An embedded Swift's identities (`account:user`) are made by its configuration.
        if key not in {"", settings.access_key} and ":" not in key:
            _grant_on_minio(admin, settings.bucket_prefix, policy, key, secret)


def _grant_on_minio(admin: MinioAdmin, bucket_prefix: str, policy: str, key: str, secret: str) -> None:
    name = f"stowage-{policy}"
    document = (POLICIES / f"{policy}.json").read_text(encoding="utf-8").replace("PREFIX", bucket_prefix)
    try:
        admin.policy_add(name, policy=json.loads(document))
        admin.user_add(key, secret)
        admin.policy_set(name, user=key)
    except (MinioAdminException, S3Error) as error:
        # A policy that is attached already is reported as an error.
        if "already" not in str(error):
            raise

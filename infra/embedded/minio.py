"""MinIO as the embedded stack's store, where a binary of it is at hand (`make minio`)."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from infra.embedded.layout import LOOPBACK, Layout
from infra.embedded.process import Spec, answers

ROOT_USER = "stowage-root"
# Longer than any upload may live: MinIO counts from creation, activity does not help.
STALE_UPLOADS = "240h"


def find(environ: Mapping[str, str]) -> Path | None:
    """A MinIO binary: STOWAGE_MINIO_BIN, the project's own `.tools`, or PATH."""
    named = environ.get("STOWAGE_MINIO_BIN")
    candidates = [named, str(Path(".tools/minio")), shutil.which("minio")]
    return next((Path(path).resolve() for path in candidates if path and os.access(path, os.X_OK)), None)


def spec(layout: Layout, binary: Path, port: int) -> Spec:
    data = layout.root / "minio"
    data.mkdir(mode=0o700, exist_ok=True)
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(layout.root),
        "MINIO_ROOT_USER": ROOT_USER,
        "MINIO_ROOT_PASSWORD_FILE": str(layout.secret_file("s3_secret_key")),
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
        "MINIO_API_STALE_UPLOADS_EXPIRY": STALE_UPLOADS,
        "MINIO_API_CORS_ALLOW_ORIGIN": "*",
    }
    argv = [str(binary), "server", "--quiet", "--address", f"{LOOPBACK}:{port}", str(data)]

    return Spec("s3", argv, answers(f"http://{LOOPBACK}:{port}/minio/health/ready"), env)

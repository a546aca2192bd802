"""OpenStack Swift with its S3 face as the store from PyPI: four processes on loopback, one device, settings found the hard way.

The inner servers are unauthenticated by Swift's design, so they stay on loopback. Only the proxy is spoken to.
"""

import asyncio
import getpass
import json
import secrets
import subprocess
import sys
from pathlib import Path

from infra.embedded.layout import LOOPBACK, Layout, StackError, write_private
from infra.embedded.process import Spec

ACCOUNT = "stowage"
WRITER = "app"
PRESIGNER = "read"
PARTS_WRITER = "parts"
INNER = ("account", "container", "object")
PART_POWER = 6


def access_key(user: str) -> str:
    return f"{ACCOUNT}:{user}"


def _ring(config: Path, name: str, port: int) -> None:
    builder = [str(Path(sys.executable).with_name("swift-ring-builder")), str(config / f"{name}.builder")]
    for arguments in (["create", str(PART_POWER), "1", "1"], ["add", f"r1z1-{LOOPBACK}:{port}/d1", "1"], ["rebalance"]):
        result = subprocess.run([*builder, *arguments], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603  our own tool
        # 1 is its status for "done, with a warning".
        if result.returncode > 1:
            message = f"The object store could not make its ring: {result.stdout.strip()[-300:]}"
            raise StackError(message)


def prepare(layout: Layout, ports: dict[str, int]) -> None:
    """Write configuration; make rings on first use and whenever ports changed. Raises StackError."""
    layout.check_xattr()
    base = layout.root / "s3"
    config = base / "etc"
    for folder in (config, base / "srv" / "d1", base / "recon"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    swift_conf = config / "swift.conf"
    if not swift_conf.exists():
        write_private(
            swift_conf,
            f"[swift-hash]\nswift_hash_path_suffix = {secrets.token_hex(8)}\nswift_hash_path_prefix = {secrets.token_hex(8)}\n"
            "[storage-policy:0]\nname = default\ndefault = yes\n"
            "[swift-constraints]\nmax_file_size = 5368709122\nmax_meta_count = 200\nmax_meta_value_length = 2048\nmax_object_name_length = 1100\n",
        )
    wanted = {name: ports[f"s3-{name}"] for name in INNER}
    stamp = config / "ring-ports.json"
    if not stamp.exists() or json.loads(stamp.read_text()) != wanted:
        for old in [*config.glob("*.builder"), *config.glob("*.ring.gz")]:
            old.unlink()
        for name, port in wanted.items():
            _ring(config, name, port)
        write_private(stamp, json.dumps(wanted))
    for name, port in wanted.items():
        write_private(config / f"{name}-server.conf", _inner_conf(base, name, port))
    write_private(config / "proxy-server.conf", _proxy_conf(layout, base, ports["s3"]))


def _common(base: Path, port: int) -> str:
    # Markers of deleted objects have no other disk to tell of them: a day is long enough.
    return f"[DEFAULT]\nbind_ip = {LOOPBACK}\nbind_port = {port}\nworkers = 0\nuser = {getpass.getuser()}\nswift_dir = {base / 'etc'}\nrecon_cache_path = {base / 'recon'}\nlog_level = WARNING\nlog_address = /dev/null\nbacklog = 512\nreclaim_age = 86400\n"


def _inner_conf(base: Path, name: str, port: int) -> str:
    return (
        _common(base, port) + f"devices = {base / 'srv'}\nmount_check = false\ndisable_fallocate = true\n"
        f"{'servers_per_port = 0' if name == 'object' else ''}\n"
        f"[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\nmb_per_sync = 512\nkeep_cache_size = 0\n"
        "[object-replicator]\n[object-updater]\n[container-replicator]\n[account-replicator]\n"
        "[filter:recon]\nuse = egg:swift#recon\n"
    )


def _proxy_conf(layout: Layout, base: Path, port: int) -> str:
    # min_segment_size as on S3; allow_async_delete and rate_limit_under_size off, or segments stay and small reads crawl.
    return (
        _common(base, port)
        + "cors_allow_origin = *\ncors_expose_headers = etag, content-range, accept-ranges, content-length\nstrict_cors_mode = false\n"
        "[pipeline:main]\npipeline = catch_errors room parts gatekeeper listing_formats s3api tempauth open_uploads copy slo proxy-server\n"
        # One disk has no replica to go to instead: setting it aside after errors would only make reads fail for a minute as well.
        "[app:proxy-server]\nuse = egg:swift#proxy\nallow_account_management = true\naccount_autocreate = true\nerror_suppression_interval = 0\n"
        f"[filter:room]\npaste.filter_factory = infra.embedded.swift_room:filter_factory\nfolder = {base / 'srv' / 'd1'}\n"
        f"[filter:parts]\npaste.filter_factory = infra.embedded.swift_parts:filter_factory\nidentity = {access_key(PARTS_WRITER)}\n"
        f"[filter:open_uploads]\npaste.filter_factory = infra.embedded.swift_parts:open_uploads_factory\nidentity = {access_key(PARTS_WRITER)}\n"
        "[filter:catch_errors]\nuse = egg:swift#catch_errors\n[filter:gatekeeper]\nuse = egg:swift#gatekeeper\n"
        "[filter:listing_formats]\nuse = egg:swift#listing_formats\n"
        "[filter:s3api]\nuse = egg:swift#s3api\ns3_acl = false\nlocation = us-east-1\nmin_segment_size = 5242880\nmax_upload_part_num = 10000\n"
        "check_bucket_owner = false\ncors_preflight_allow_origin = *\nauth_pipeline_check = true\n"
        "[filter:tempauth]\nuse = egg:swift#tempauth\n"
        f"user_{ACCOUNT}_{WRITER} = {layout.secret('s3_secret_key')} .admin\n"
        f"user_{ACCOUNT}_{PRESIGNER} = {layout.secret('s3_presign_secret_key')} .reseller_reader\n"
        f"user_{ACCOUNT}_{PARTS_WRITER} = {layout.secret('s3_parts_secret_key')} .admin\n"
        "[filter:copy]\nuse = egg:swift#copy\n"
        "[filter:slo]\nuse = egg:swift#slo\nmax_manifest_segments = 10000\nallow_async_delete = false\nrate_limit_under_size = 0\nmax_manifest_size = 8388608\n"
        "[filter:cache]\nuse = egg:swift#memcache\n"
    )


def specs(layout: Layout, ports: dict[str, int], env: dict[str, str]) -> list[Spec]:
    """The three inner servers, the proxy, and who keeps the disk tidy."""
    config = layout.root / "s3" / "etc"

    def one(server: str, name: str, port: int) -> Spec:
        async def ready() -> bool:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
            return True

        argv = [sys.executable, "-W", "ignore", "-m", "infra.embedded.swift_server", str(config), f"{server}-server"]
        return Spec(name, argv, ready, env, stop_after_s=10)

    async def at_once() -> bool:
        return True

    upkeep = Spec("s3-upkeep", [sys.executable, "-m", "infra.embedded.swift_upkeep", str(config)], at_once, env)
    return [*(one(name, f"s3-{name}", ports[f"s3-{name}"]) for name in INNER), one("proxy", "s3", ports["s3"]), upkeep]

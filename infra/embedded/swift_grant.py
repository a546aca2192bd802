"""Lets the presigner read containers: run as `python -m infra.embedded.swift_grant CONFIG_DIR USER CONTAINER…`.

The S3 face has no ACL of this kind and Swift's own API wants memcached for its tokens, so the metadata is set through
Swift's internal client, which talks to the inner servers on loopback.
"""

import sys
from pathlib import Path

from infra.embedded.layout import write_private

ACCOUNT = "AUTH_stowage"
_CONF = "[DEFAULT]\nswift_dir = {config}\n[pipeline:main]\npipeline = catch_errors proxy-server\n[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n[filter:catch_errors]\nuse = egg:swift#catch_errors\n"


def main() -> None:
    """Raises what Swift raises: the containers must exist."""
    config, user, *containers = sys.argv[1:]
    from swift.common import constraints, utils  # noqa: PLC0415  must learn its directory before the rest is imported

    utils.set_swift_dir(config)
    constraints.reload_constraints()
    from swift.common.internal_client import InternalClient  # noqa: PLC0415  as above

    path = Path(config) / "internal-client.conf"
    write_private(path, _CONF.format(config=config))
    client = InternalClient(str(path), "stowage", 3)
    for container in containers:
        client.set_container_metadata(ACCOUNT, container, {"X-Container-Read": user})


if __name__ == "__main__":
    main()

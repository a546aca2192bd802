"""A conformance suite for tus 1.0 servers: black box, any URL. `make conformance URL=…`, docs/guides/conformance.md."""

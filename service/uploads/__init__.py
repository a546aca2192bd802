"""Owns upload sessions: create, append, finish, abort, sweep. Publishes nothing itself; a finish makes `FileStored`.

One session core with the `append` intake (bytes in order). `tus/` is pure protocol code on top of it. The rules that
keep acknowledged bytes safe are in docs/reference/upload-protocol.md; their model is tests/protocol_model/.
"""

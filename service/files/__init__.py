"""Owns folders, files, versions, trash and downloads. Publishes `FileStored` and `FilePurged`.

Bytes are proven to be in the store before a version is listed; deleting goes through `doomed_objects`.
"""

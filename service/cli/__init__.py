"""The `stowage` command: thin, over services and the embedded stack."""

"""The `append` intake: bytes in order from one request body into parts of the store, a commit for each."""

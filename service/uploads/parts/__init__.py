"""The `parts` intake: parts come in any order, in parallel and more than once, straight from the client to the store."""

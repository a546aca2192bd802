"""A selection as one ZIP: laid out before its first byte, so that it has a length and can be gone on with; read from the store as it goes."""

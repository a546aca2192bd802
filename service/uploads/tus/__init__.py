"""tus 1.0.0 as pure functions: headers in, decisions and headers out. No I/O, no framework."""

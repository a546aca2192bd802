"""What others did that a person should know of, read off the access log."""

"""Personal API tokens and S3 keys: made by a signed-in person, shown once, bounded by scopes, a project and an age."""

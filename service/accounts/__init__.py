"""Owns users and sign-in sessions; turns an access token into a `Principal`. Publishes nothing yet."""

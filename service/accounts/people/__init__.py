"""Who has an account: administrators create, invite, change and disable; one-time links make accounts and new passwords."""

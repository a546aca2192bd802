"""What nobody holds any more: sweeping after ended uploads, and comparing the store's keys with the rows."""

"""What was thrown away: shown, emptied by people, and by time."""

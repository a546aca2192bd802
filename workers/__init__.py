"""Background processes: relay, scheduler, and one worker per queue."""

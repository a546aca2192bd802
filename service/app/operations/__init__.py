"""What administrators see and start: jobs, tasks of upkeep, what the store holds."""

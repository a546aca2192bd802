"""GPUs of all workers: what each was proven to do, what it is doing, and how busy it was in the last hour."""

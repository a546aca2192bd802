"""Owns `outbox` and `jobs`: effects leave in the transaction that decides them.

`publish` and `enqueue` insert rows; the relay delivers events to subscribers and tickets to the queues; workers
claim jobs by fence and lease. `jobs` is the truth, a queued message only an invitation to claim.
"""

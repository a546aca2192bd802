"""The only Redis importer outside `workers.runtime`: pre-emption, pokes, throttles. All of it may vanish at any time.

Without Redis, messages reach this process only and throttles count per process; nothing else changes.
"""

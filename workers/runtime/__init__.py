"""Assembles workers: broker, handler list, the loop that claims jobs. The only importer of dramatiq."""

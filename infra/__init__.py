"""What surrounds the product: the embedded stack, bootstrap of stores, files for deployments."""

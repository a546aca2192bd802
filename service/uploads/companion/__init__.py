"""The face of the `parts` intake that Uppy knows: Companion's S3 routes, and `signRequest` with the XML of S3."""

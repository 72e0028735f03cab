"""Lambda layers: third-party code of the zip functions, built from a lock."""

"""The repository of photographs: records, ingest, attributes, imports and search."""

"""From the catalogue's stream to the search index, and to whoever listens on the event bus."""

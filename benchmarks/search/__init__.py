"""How fast a search engine answers, and what it costs to keep it fresh."""

"""The reconciler: it compares catalogue, bucket, index and counts, and mends what differs.

``waiting`` goes through what waits for its file, twice an hour; ``walk`` through everything, once a
day or when asked, in parts that may each be done again. ``index`` asks the indexer's function for
what only that may see; ``report`` is what is told of a pass. docs/decisions/305 says why.
"""

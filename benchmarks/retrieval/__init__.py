"""How well the product finds the photograph that a person describes.

``python -m benchmarks.retrieval --data DIR --split dev`` runs a split's photographs through the
shipped captioner and the ingest's own functions into an embedded index, and asks every human
caption of them as a query through the search port.
"""

"""How the model comes to be: prepare, distil, train, evaluate, export.

Nothing here is imported by the product; it leaves a bundle behind that
``captioner.vision`` serves.
"""

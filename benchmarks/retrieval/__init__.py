"""How well the product finds the photograph that a person describes."""

"""How the model comes to be: a bundle for ``captioner.vision``. The product imports none of it."""

"""How the model comes to be: a bundle that ``captioner.vision`` serves; no product imports it."""

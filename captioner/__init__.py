"""The captioner: photographs in, captions and vectors out. Only ``handler`` knows of AWS."""

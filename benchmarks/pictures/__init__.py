"""What decoding costs: milliseconds of a photograph, memory of the largest, time to refuse bombs."""

"""What decoding costs: a photograph, the largest ones, and bombs that are refused."""

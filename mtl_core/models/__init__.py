"""Models: encoder, sharing, heads."""

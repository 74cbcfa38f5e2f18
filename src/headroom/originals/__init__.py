"""Compress, cache, retrieve: what keeps every original and every decision, and cuts slices out of them."""

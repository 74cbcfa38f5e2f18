"""Measuring: what Headroom does to files, folders and transcripts of the user's own, or to a bundled sample."""

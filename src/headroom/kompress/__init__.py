"""Kompress: which sentences or lines of a text matter, with or without a question."""

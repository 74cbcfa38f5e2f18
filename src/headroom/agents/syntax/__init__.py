"""Configuration syntaxes, a file each: what stands at a path, and the same text with one value set or gone."""

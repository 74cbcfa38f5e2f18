"""The pure core: what text becomes. No files, sockets, clock or environment below this package."""

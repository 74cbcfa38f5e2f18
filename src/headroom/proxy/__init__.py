"""The proxy: the same requests flow through, just lighter. Needs `headroom-ai[proxy]`."""

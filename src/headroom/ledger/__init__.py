"""The ledger: one append-only row per request, what it cost, and what it would have cost without us."""

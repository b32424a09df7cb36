"""Workers killed at random against a gateway that misbehaves; then the ledger against the database."""

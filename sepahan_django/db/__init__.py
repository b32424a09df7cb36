"""Database helpers without tables: transactions, chunked reads, bulk updates, encryption, storable texts."""

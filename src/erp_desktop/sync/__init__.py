"""The desk's side of sync: the cache, the outbox, undo and replay, and the conversation with the centre (sync.md)."""

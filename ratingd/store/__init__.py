"""The store: what must survive a crash, on SQLite or PostgreSQL, behind one interface (`ratingd.store.store.Store`)."""

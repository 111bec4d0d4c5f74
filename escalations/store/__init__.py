"""The store: what is kept, and how it is proved unchanged."""

"""The schema's history, run by :meth:`escalations.store.engine.Database.migrate`."""

"""Alembic revisions: written from a plan into the user's history, run by Alembic itself before they are shown."""

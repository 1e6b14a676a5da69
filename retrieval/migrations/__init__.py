"""Alembic's steps from each schema of the archive to the next; `database.migrate` runs them on a copy."""

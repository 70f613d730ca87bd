"""Facts: what a database's schema states, one thing each; and the reader that takes them from the catalogs.

The reader's knowledge lies in `sql/`, one family of objects a file; Python only collects the rows. What the reader
does not look at is counted and named, so that "no drift" is never said without saying of what.
"""

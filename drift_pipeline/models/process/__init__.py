"""What runs inside the application's own interpreter: needs Python 3.9 and SQLAlchemy 1.4 or newer, nothing else.

It never imports the rest of this package: the application's environment need not have it. Started by `__main__.py`:
requests and answers are files of JSON, and a socket says which. Whatever the application prints stays out of them.
"""

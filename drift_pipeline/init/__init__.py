"""`drift init`: what a project needs to begin with, found in its repository and written once.

search (reads source, runs nothing) ─► propose ─► verify (the real loader) ─► write
"""

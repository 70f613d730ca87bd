"""Fleets: many databases with one set of models, such as one for each tenant.

Every database is read; those with the same schema are judged once. Stands above the use case, beside the command line.
"""

"""The use case: `check` is the whole way for one environment, `compare` its inner half for any two schemas.

The stages are functions of their own, so that the Dagster assets are the same stages, one asset a stage.
"""

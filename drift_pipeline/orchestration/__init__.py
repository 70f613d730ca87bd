"""Dagster: assets, jobs, schedules, sensors, hooks and resources around the use case; no logic of its own."""

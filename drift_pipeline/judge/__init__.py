"""Judgement: differences become findings. Tables of rules, not branches; each rule has an id that the report shows."""

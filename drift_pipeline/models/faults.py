"""The word of the models room: fault."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelFault:
    """Something that the models declare and PostgreSQL refuses to build: a fault of the models, no drift.

    `what`: the object, such as `index public.ix_orders_total`. `message`: the server's. `location`: file and line.
    """

    what: str
    message: str
    location: str = ""

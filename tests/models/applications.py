"""Small applications, written into a folder: what real ones do to whoever imports them."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

from drift_pipeline.config import ModelSettings

PLAIN = """
    from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, text
    try:
        from sqlalchemy.orm import declarative_base
    except ImportError:
        from sqlalchemy.ext.declarative import declarative_base

    Base = declarative_base()


    class Customer(Base):
        __tablename__ = "customers"
        id = Column(Integer, primary_key=True)
        email = Column(String(200), nullable=False, index=True)


    class Order(Base):
        __tablename__ = "orders"
        id = Column(Integer, primary_key=True)
        customer_id = Column(
            ForeignKey("customers.id"),
            nullable=False,
        )
"""


class Application:
    """A folder of modules, and how to load it. `root` is what relative paths are relative to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cache = root.parent / "cache"

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def declare(self, more: str = "") -> Path:
        """The tables of PLAIN in shop.py, and what is declared besides."""
        return self.write("shop.py", PLAIN + more)

    def settings(self, *targets: str, **others: Any) -> ModelSettings:
        return ModelSettings(targets=targets, **{"python": sys.executable, "timeout": 60.0, **others})

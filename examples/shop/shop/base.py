"""What all models share: the declarative base with its naming convention, and columns that many tables have."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated

from sqlalchemy import DateTime, Identity, MetaData, Numeric, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

identity = Annotated[int, mapped_column(Identity(always=True), primary_key=True)]
money = Annotated[object, mapped_column(Numeric(12, 2))]


class Base(DeclarativeBase):
    """Base of every model of the shop."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Timestamped:
    """When a row was made, by the database's clock."""

    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), sort_order=100)


class OrderStatus(enum.Enum):
    """Where an order stands."""

    CART = "cart"
    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class PaymentMethod(enum.Enum):
    """How an invoice was paid."""

    CARD = "card"
    TRANSFER = "transfer"
    VOUCHER = "voucher"

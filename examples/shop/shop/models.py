"""Customers, catalogue and orders, in the default schema; invoices and payments in a schema of their own."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shop.base import Base, OrderStatus, PaymentMethod, Timestamped, identity, money


def _enum(kind: type, name: str, schema: str | None = None) -> Enum:
    return Enum(kind, name=name, schema=schema, values_callable=lambda members: [member.value for member in members])


class Customer(Timestamped, Base):
    """Somebody who may order."""

    __tablename__ = "customers"
    __table_args__ = (
        Index("uq_customers_email_lower", func.lower(text("email")), unique=True),
        CheckConstraint("position('@' IN email) > 1", name="email_has_at"),
        {"comment": "Everybody who ever ordered or signed up"},
    )

    id: Mapped[identity]
    email: Mapped[str] = mapped_column(String(320))
    full_name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(32))
    preferences: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))


class Address(Base):
    """Where a customer gets parcels; numbered for each customer."""

    __tablename__ = "addresses"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    street: Mapped[str] = mapped_column(String(200))
    city: Mapped[str] = mapped_column(String(100))
    country: Mapped[str] = mapped_column(String(2), server_default="DE")


class Category(Base):
    """A shelf of the shop; shelves stand on shelves."""

    __tablename__ = "categories"
    __table_args__ = (UniqueConstraint("parent_id", "name"),)

    id: Mapped[identity]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))
    name: Mapped[str] = mapped_column(String(80))


class Product(Timestamped, Base):
    """Something to sell. The gross price is computed by the database."""

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("net_price >= 0", name="net_price_not_negative"),
        CheckConstraint("vat_percent BETWEEN 0 AND 100", name="vat_percent_range"),
        Index("ix_products_tags", "tags", postgresql_using="gin"),
        Index("ix_products_active_name", "name", postgresql_where=text("discontinued_on IS NULL")),
    )

    id: Mapped[identity]
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), index=True)
    sku: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    net_price: Mapped[money]
    vat_percent: Mapped[int] = mapped_column(server_default="19")
    gross_price: Mapped[money] = mapped_column(
        Computed("round(net_price * (100 + vat_percent) / 100, 2)", persisted=True)
    )
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    weight_grams: Mapped[int | None] = mapped_column(comment="Without packaging; needed for shipping costs")
    discontinued_on: Mapped[date | None]


class Order(Timestamped, Base):
    """What a customer wants; a cart until it is placed."""

    __tablename__ = "orders"
    __table_args__ = (
        ForeignKeyConstraint(
            ["customer_id", "address_number"], ["addresses.customer_id", "addresses.number"], name="fk_orders_address"
        ),
        Index("ix_orders_open", "customer_id", "created_at", postgresql_where=text("status IN ('cart', 'placed')")),
    )

    id: Mapped[identity]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    address_number: Mapped[int | None]
    status: Mapped[OrderStatus] = mapped_column(_enum(OrderStatus, "order_status"), server_default="cart")
    note: Mapped[str | None] = mapped_column(Text)


class OrderItem(Base):
    """One line of an order."""

    __tablename__ = "order_items"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    quantity: Mapped[int] = mapped_column(server_default="1")
    unit_price: Mapped[money]


class Review(Timestamped, Base):
    """What a customer says of a product."""

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("customer_id", "product_id"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars_range"),
    )

    id: Mapped[identity]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    stars: Mapped[int]
    body: Mapped[str | None] = mapped_column(Text)


class Invoice(Timestamped, Base):
    """What an order costs, once and for all."""

    __tablename__ = "invoices"
    __table_args__ = ({"schema": "billing"},)

    id: Mapped[identity]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), unique=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    total: Mapped[money]
    due_on: Mapped[date]


class Payment(Timestamped, Base):
    """Money that came in for an invoice."""

    __tablename__ = "payments"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"), {"schema": "billing"})

    id: Mapped[identity]
    invoice_id: Mapped[int] = mapped_column(ForeignKey("billing.invoices.id"), index=True)
    method: Mapped[PaymentMethod] = mapped_column(_enum(PaymentMethod, "payment_method", "billing"))
    amount: Mapped[money]
    reference: Mapped[str | None] = mapped_column(String(100))

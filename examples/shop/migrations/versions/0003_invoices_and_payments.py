"""invoices and payments

Revision ID: 0003
Revises: 0002
Create Date: 2026-04-21 11:05:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA billing")
    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("total", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_invoices_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
        sa.UniqueConstraint("order_id", name=op.f("uq_invoices_order_id")),
        schema="billing",
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column(
            "method", sa.Enum("card", "transfer", "voucher", name="payment_method", schema="billing"), nullable=False
        ),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount_positive")),
        sa.ForeignKeyConstraint(["invoice_id"], ["billing.invoices.id"], name=op.f("fk_payments_invoice_id_invoices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        schema="billing",
    )
    op.create_index(op.f("ix_payments_invoice_id"), "payments", ["invoice_id"], unique=False, schema="billing")


def downgrade() -> None:
    op.drop_index(op.f("ix_payments_invoice_id"), table_name="payments", schema="billing")
    op.drop_table("payments", schema="billing")
    op.drop_table("invoices", schema="billing")
    sa.Enum(name="payment_method", schema="billing").drop(op.get_bind())
    op.execute("DROP SCHEMA billing")

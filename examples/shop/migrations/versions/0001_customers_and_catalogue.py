"""customers and catalogue

Revision ID: 0001
Revises: -
Create Date: 2026-01-12 09:14:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "categories",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["categories.id"], name=op.f("fk_categories_parent_id_categories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("parent_id", "name", name=op.f("uq_categories_parent_id_name")),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("full_name", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column(
            "preferences",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("position('@' IN email) > 1", name=op.f("ck_customers_email_has_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        comment="Everybody who ever ordered or signed up",
    )
    op.create_index("uq_customers_email_lower", "customers", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "addresses",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("street", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("country", sa.String(length=2), server_default="DE", nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_addresses_customer_id_customers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", "number", name=op.f("pk_addresses")),
    )
    op.create_table(
        "products",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("net_price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("vat_percent", sa.Integer(), server_default="19", nullable=False),
        sa.Column(
            "gross_price",
            sa.Numeric(precision=12, scale=2),
            sa.Computed("round(net_price * (100 + vat_percent) / 100, 2)", persisted=True),
            nullable=False,
        ),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("discontinued_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("net_price >= 0", name=op.f("ck_products_net_price_not_negative")),
        sa.CheckConstraint("vat_percent BETWEEN 0 AND 100", name=op.f("ck_products_vat_percent_range")),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_products_category_id_categories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("sku", name=op.f("uq_products_sku")),
    )
    op.create_index(
        "ix_products_active_name",
        "products",
        ["name"],
        unique=False,
        postgresql_where=sa.text("discontinued_on IS NULL"),
    )
    op.create_index(op.f("ix_products_category_id"), "products", ["category_id"], unique=False)
    op.create_index("ix_products_tags", "products", ["tags"], unique=False, postgresql_using="gin")


def downgrade() -> None:
    op.drop_index("ix_products_tags", table_name="products", postgresql_using="gin")
    op.drop_index(op.f("ix_products_category_id"), table_name="products")
    op.drop_index("ix_products_active_name", table_name="products", postgresql_where=sa.text("discontinued_on IS NULL"))
    op.drop_table("products")
    op.drop_table("addresses")
    op.drop_index("uq_customers_email_lower", table_name="customers")
    op.drop_table("customers")
    op.drop_table("categories")

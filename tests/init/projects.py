"""Small repositories of several layouts, as people have them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

Files = Mapping[str, str]

MODEL = """
    from sqlalchemy import Column, Integer, String
    from {base} import Base

    class {name}(Base):
        __tablename__ = "{table}"
        id = Column(Integer, primary_key=True)
        note = Column(String(50))
"""


def model(base: str, table: str) -> str:
    return MODEL.format(base=base, name=table.title(), table=table)


BASE = """
    from sqlalchemy import MetaData
    from sqlalchemy.orm import DeclarativeBase

    naming = MetaData()

    class Base(DeclarativeBase):
        metadata = naming
"""

ALEMBIC = "[alembic]\nscript_location = migrations\n"
ENV_PY = """
    from alembic import context
    from models import Base

    context.configure(target_metadata=Base.metadata, url="postgresql://")
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """
    revision = "{0}"
    down_revision = {1!r}

    def upgrade():
        pass

    def downgrade():
        pass
"""

ONE_FILE: Files = {
    "models.py": """
        import sqlalchemy as sa
        from sqlalchemy.orm import declarative_base

        Base = declarative_base(metadata=sa.MetaData())

        class Order(Base):
            __tablename__ = "orders"
            id = sa.Column(sa.Integer, primary_key=True)
    """,
    "alembic.ini": ALEMBIC,
    "migrations/env.py": ENV_PY,
    "migrations/script.py.mako": "",
    "migrations/versions/one.py": REVISION.format("one", None),
    "migrations/versions/two.py": REVISION.format("two", "one"),
    # bases of tests are nobody's models
    "tests/test_models.py": "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n",
}

SRC_LAYOUT: Files = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n',
    "src/shop/__init__.py": "",
    "src/shop/db.py": BASE,
    "src/shop/models/__init__.py": "",
    "src/shop/models/customers.py": model("shop.db", "customers"),
    "src/shop/models/orders.py": model("..db", "orders"),
}

NO_INIT_FILES: Files = {
    "app/db.py": BASE,
    "app/models.py": "from app.db import Base as Base\nfrom app.orders.tables import Orders\n",
    "app/orders/tables.py": model("app.db", "orders"),
}

FLASK: Files = {
    "shop/__init__.py": """
        from flask import Flask
        from shop.extensions import db

        def create_app():
            app = Flask(__name__)
            db.init_app(app)
            return app
    """,
    "shop/extensions.py": "from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\n",
    "shop/users.py": """
        from .extensions import db

        class User(db.Model):
            id = db.Column(db.Integer, primary_key=True)

        tags = db.Table("tags", db.Column("id", db.Integer, primary_key=True))
    """,
    # what Flask-Migrate writes: its alembic.ini names no folder
    "migrations/alembic.ini": "[alembic]\n",
    # stands for the package, so that no test depends on it
    "flask.py": "class Flask:\n    def __init__(self, name):\n        pass\n",
    "flask_sqlalchemy.py": """
        import sqlalchemy
        from sqlalchemy.orm import declarative_base

        class SQLAlchemy:
            Column, Integer = sqlalchemy.Column, sqlalchemy.Integer

            def __init__(self):
                class Named:
                    __abstract__ = True

                    def __init_subclass__(cls):
                        if "__tablename__" not in vars(cls) and cls.__name__ != "Base":
                            cls.__tablename__ = cls.__name__.lower()
                        super().__init_subclass__()

                self.metadata = sqlalchemy.MetaData()
                self.Model = declarative_base(metadata=self.metadata, cls=Named)

            def Table(self, name, *arguments):
                return sqlalchemy.Table(name, self.metadata, *arguments)
    """,
}

OWN_FLASK: Files = {
    "shop/__init__.py": "",
    "shop/core/__init__.py": "from shop.core.database import db\n",
    "shop/core/database.py": """
        from flask_sqlalchemy import SQLAlchemy

        class OurSQLAlchemy(SQLAlchemy):
            pass

        db = OurSQLAlchemy()
    """,
    "shop/users.py": """
        from shop.core import db

        class User(db.Model):
            id = db.Column(db.Integer, primary_key=True)

        tags = db.Table("tags", db.Column("id", db.Integer, primary_key=True))
        versions = db.Table("alembic_version", db.Column("version_num", db.String))
    """,
}

NAMESPACE: Files = {
    # the first folder is shared by several distributions, and holds no __init__.py
    "company/shop/__init__.py": "",
    "company/shop/db.py": BASE,
    "company/shop/models.py": model("company.shop.db", "orders"),
}

TWO_BASES: Files = {
    "app/__init__.py": "",
    "app/sales.py": """
        from sqlalchemy.orm import DeclarativeBase, mapped_column, Mapped

        class SalesBase(DeclarativeBase):
            pass

        class Order(SalesBase):
            __tablename__ = "orders"
            id: Mapped[int] = mapped_column(primary_key=True)
    """,
    "app/audit.py": """
        from sqlalchemy import Column, Integer, MetaData, Table

        metadata = MetaData(schema="audit")
        entries = Table("entries", metadata, Column("id", Integer, primary_key=True))
    """,
}

NOTHING: Files = {"tool.py": "print('no database here')\n", "README.md": ""}


def written(folder: Path, files: Files) -> Path:
    """The folder with these files in it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    return folder

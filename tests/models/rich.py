"""Models with everything that SQLAlchemy declares for PostgreSQL, and names that nobody would choose."""

import enum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import declarative_base

metadata = sa.MetaData(naming_convention={"ix": "ix_%(column_0_label)s", "pk": "pk_%(table_name)s"})
Base = declarative_base(metadata=metadata)


class Mood(enum.Enum):
    sad = 1
    ok = 2
    happy = 3


class Person(Base):
    __tablename__ = "person"
    __table_args__ = (
        sa.CheckConstraint("name LIKE '%\\%%' OR name <> 'a''b'", name="odd % check"),
        sa.Index("ix_lower", sa.text("lower(name)"), unique=True, postgresql_where=sa.text("name <> 'x%'")),
        sa.UniqueConstraint("name", "mood", name="uq_name_mood", deferrable=True, initially="DEFERRED"),
        {"comment": "50 % of 'all' \\ people\nsecond line 👋"},
    )
    id = sa.Column(sa.BigInteger, sa.Identity(always=True, start=5, cycle=True), primary_key=True)
    name = sa.Column(sa.String(63), nullable=False, server_default="it's \\ 100%", comment="a % b \\ c")
    mood = sa.Column(sa.Enum(Mood, name="mood"), nullable=False)
    other_mood = sa.Column(sa.Enum(Mood, name="mood"))
    area = sa.Column(sa.Integer, sa.Computed("id * 2", persisted=True))
    data = sa.Column(pg.JSONB, server_default=sa.text("'{}'::jsonb"))
    tags = sa.Column(pg.ARRAY(sa.Text), index=True)
    at = sa.Column(sa.DateTime(timezone=True), server_default=sa.func.now())
    local = sa.Column(sa.Text(collation="C"))
    boss_id = sa.Column(sa.ForeignKey("person.id", use_alter=True, name="fk_boss", ondelete="SET NULL"))


class Hostile(Base):
    __tablename__ = 'a "quoted" % table'
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["co%l\nline", "b`c"], ["Sch%ema.target.x", "Sch%ema.target.y"], name='f"k %s', match="FULL"
        ),
        sa.Index("<script>%(x)s", "b`c", postgresql_using="hash"),
        {"comment": "%(name)s"},
    )
    id = sa.Column("ключ 🔑", sa.Integer, primary_key=True)
    a = sa.Column("co%l\nline", sa.Integer, comment="100%")
    b = sa.Column("b`c", sa.Integer)


target = sa.Table(
    "target",
    metadata,
    sa.Column("x", sa.Integer, sa.Sequence("own seq", schema="Sch%ema"), primary_key=True),
    sa.Column("y", sa.Integer, primary_key=True),
    sa.Column("kind", pg.ENUM("a'b", "c%d", "e\\f", name="kin%d", schema="Sch%ema")),
    sa.Column("span", pg.INT4RANGE),
    pg.ExcludeConstraint(("span", "&&"), name="no overlap", using="gist"),
    schema="Sch%ema",
)
first = sa.Table("first", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("s", sa.Integer))
second = sa.Table(
    "second", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("f", sa.ForeignKey("first.id"))
)
# a cycle of two tables
first.append_constraint(sa.ForeignKeyConstraint(["s"], ["second.id"], name="fk_cycle"))

sa.event.listen(
    metadata,
    "before_create",
    sa.DDL("CREATE FUNCTION twice(i integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT i * 2'"),
)
sa.event.listen(
    Person.__table__,
    "after_create",
    sa.DDL("CREATE INDEX ix_twice ON %(fullname)s (twice(id::integer))").execute_if(dialect="postgresql"),
)
sa.event.listen(Person.__table__, "after_create", sa.DDL("CREATE INDEX no ON x (y)").execute_if(dialect="mysql"))


@sa.event.listens_for(metadata, "after_create")
def make_view(target, connection, **options):
    connection.execute(sa.text("CREATE VIEW names AS SELECT name FROM person WHERE name LIKE 'a%'"))
    connection.scalar(sa.text("SELECT 1"))
    connection.exec_driver_sql("COMMENT ON VIEW names IS 'seen'")

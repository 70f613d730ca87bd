"""Runs Optuna's migrations, from the first one on, on the database in DATABASE_URL."""

import os

from alembic import command
from alembic.config import Config

config = Config("alembic.ini")
config.set_main_option("sqlalchemy.url", os.environ["DATABASE_URL"].replace("%", "%%"))
command.upgrade(config, "head")

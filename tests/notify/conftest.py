"""A local Bot API for every test that wants one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.notify.bot_api import BotApi, bot_api


@pytest.fixture
def telegram() -> Iterator[BotApi]:
    with bot_api() as api:
        yield api

"""What stands in docker/, for the tests that look at it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.base.shop import TOP

DOCKER = TOP / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: Mapping[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SCRIPTS = Path(sys.executable).parent
IMAGE = {
    name: value
    for name, value in re.findall(r"(?m)^(?:ENV|   ) ([A-Z_]+)=(\S+)", (DOCKER / "Dockerfile").read_text())
    if name != "PATH"
}

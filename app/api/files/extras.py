"""Libraries that an installation may do without: asked for where they are needed, and told of where they are not."""

from __future__ import annotations

import importlib
from typing import Any

from app.rules.refusal import Refused


def needed(module: str, extra: str) -> Any:
    """The module; Refused (409), naming the extra to install, where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as fault:
        raise Refused(
            "extra",
            f"This installation cannot write this kind of file: install Hemtid's extra '{extra}' "
            "(deploy/requirements-extras.txt), and ask again.",
            facts={"extra": extra},
        ) from fault

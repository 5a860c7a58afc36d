"""A browser to work in: the table of candidates, one star, judgements, and the HTTP API beneath (extra `browse`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lcscale.browse.options import ServerOptions
    from lcscale.browse.serving import serve

__all__ = ["ServerOptions", "serve"]


def __getattr__(name: str) -> Any:
    """Import the parts that need the extra when they are first used."""
    modules = {"ServerOptions": "options", "serve": "serving"}
    if name in modules:
        from importlib import import_module

        return getattr(import_module(f"lcscale.browse.{modules[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

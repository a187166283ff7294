"""The documented schema and the money mart as views on the loaded dataset."""

from .creation import create_views, drop_views
from .mart.creation import create_marts

__all__ = ["create_marts", "create_views", "drop_views"]

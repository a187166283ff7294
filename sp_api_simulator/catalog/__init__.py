"""Catalog Items API."""

"""Fulfillment Outbound API."""

"""Finances and Transfers APIs."""

"""Listings Items and Listings Restrictions APIs."""

"""Vendor APIs: retail procurement, direct fulfillment, invoices."""

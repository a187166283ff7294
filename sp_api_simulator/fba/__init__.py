"""FBA: inventory and inbound shipments."""

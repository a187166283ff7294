"""Data Kiosk: analytics by GraphQL query."""

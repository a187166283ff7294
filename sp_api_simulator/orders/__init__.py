"""Orders and Sales APIs, and the orders that the other areas derive from."""

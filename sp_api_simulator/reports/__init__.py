"""Reports API and the reports."""

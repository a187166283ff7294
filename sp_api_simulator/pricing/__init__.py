"""Product Pricing and Product Fees APIs."""

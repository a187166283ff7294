"""What every area of the API uses: accounts, tokens, quota, parameters, pages, time."""

"""What every layer uses: JSON access, timestamps, identifiers, hashes, column hints."""

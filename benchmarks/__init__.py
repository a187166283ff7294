"""What `make bench` measures: ratios, each taken within one run."""

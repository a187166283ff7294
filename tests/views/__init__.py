"""Tests of the documented schema as views."""

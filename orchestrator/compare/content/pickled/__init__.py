"""Pickles by their structure: what they would make, without making it."""

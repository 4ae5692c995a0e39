"""Sweeps: which trial is suggested next, and what is kept of each. Pure: runs nothing, reads no clock."""

"""The order of a set of strings."""

print({f"feature {i}" for i in range(20)})

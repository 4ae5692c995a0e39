"""Where the truth lies: blobs by digest, trees of blobs, and records by name."""

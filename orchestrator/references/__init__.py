"""What a run needs of the store: every blob that can be reached from it."""

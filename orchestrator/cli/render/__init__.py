"""Results as text: colour only where someone looks, and every name that a job chose made printable."""

"""What differs, as a tree; whether that is allowed, as a verdict; and how either is shown: three things."""

"""What differs inside two files of different bytes: one small file for each format."""

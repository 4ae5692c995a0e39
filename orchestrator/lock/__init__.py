"""Requirements become hashes: which wheels, chosen for the image's interpreter and glibc, wherever they are served."""

"""An image as a pure function of its lock: wheels become layers, layers an OCI image, the image goes to an engine."""

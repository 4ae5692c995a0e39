"""The container engine behind a port: Docker (Podman speaks the same API), and a fake for tests."""

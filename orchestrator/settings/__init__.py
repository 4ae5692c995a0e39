"""What can be configured, and which of several layers says it. See docs/configuration.md."""

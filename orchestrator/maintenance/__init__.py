"""Looking after a store: finding what is damaged and mending it, removing what nothing needs."""

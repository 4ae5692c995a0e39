"""OCI registries: images and bundles travel by their own digests, bytes as they are in the store.

``push`` and ``pull`` move a manifest with its blobs between a store and a repository; what the manifest describes is
theirs to know who ask. Below them, each on its own: names (``reference``), who we are (``credentials``, ``tokens``),
where a request may go (``origins``), one exchange (``connection``), and the API's verbs (``repository``).
"""

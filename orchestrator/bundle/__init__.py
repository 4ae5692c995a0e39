"""Bundles: recorded runs with all they need, as one OCI artifact that a file or a registry carries.

``gather`` decides what goes in, ``artifact`` describes it (a manifest, a bundle document, blobs), ``file`` writes it as
one tar; ``read`` takes that tar apart again, ``receive`` puts what an artifact brings into a store, ``records`` and
``foreign`` say what may come from elsewhere, ``proof`` that nothing is missing, ``imported`` keeps whose it was.

For a registry. Out: ``artifact.make(gather.gather(...), blobs)`` or ``operations.bundling.artifact_of(...)`` has
``manifest`` (the bytes to push last), ``descriptors`` (all that it names) and ``blobs``, a read-only view with ``get``
and ``has`` for each of them, packs included. The image manifests among them (``artifact.images``) may be pushed as
manifests too, so that a run's image can be pulled by its own digest.

In: ``operations.importing.take_in(workspace, manifest bytes, open, source=...)``, where ``open(descriptor)`` is a
stream of one blob. Unverified will do: everything is counted and hashed on its way in.
"""

"""What a cold start says where the image comes out as another one. No engine: the build is made up."""

from __future__ import annotations

import pytest
from forge import RUN, Source

from orchestrator.digest import Digest
from orchestrator.errors import NotReplayable
from orchestrator.image.oci import Image
from orchestrator.image.stored import stored
from orchestrator.lock.model import LayerPin, Lock
from orchestrator.operations import cold
from orchestrator.plan import Plan
from orchestrator.store.streams import read_document


@pytest.fixture
def built(source: Source) -> tuple[Plan, Lock, Image]:
    plan = read_document(source.workspace.blobs, Plan, source.plan)
    image = stored(plan.image.manifest, source.workspace.blobs)
    assert image is not None
    return plan, read_document(source.workspace.blobs, Lock, plan.image.lock), image


def test_the_same_image_holds(source, built):
    plan, lock, image = built
    cold.hold(source.workspace, plan.image, lock, image)


def test_the_first_layer_that_differs_is_named(source, built):
    plan, lock, image = built
    other = LayerPin(diff_id=Digest.of(b"other"), size=5)
    came_out = image.model_copy(update={"layers": (other,), "manifest": Digest.of(b"another")})
    with pytest.raises(NotReplayable) as refusal:
        cold.hold(source.workspace, plan.image, lock, came_out)
    assert f"layer 1, the base python3.11: {other.diff_id} instead of {image.layers[0].diff_id}" in str(refusal.value)
    assert plan.image.manifest in str(refusal.value)


def test_another_number_of_layers_is_named(source, built):
    plan, lock, image = built
    more = (*image.layers, LayerPin(diff_id=Digest.of(b"other"), size=5))
    came_out = image.model_copy(update={"layers": more, "manifest": Digest.of(b"another")})
    with pytest.raises(NotReplayable, match="2 layers instead of 1"):
        cold.hold(source.workspace, plan.image, lock, came_out)


def test_without_the_recorded_manifest_it_says_that(tmp_path, built):
    source = Source(tmp_path)
    plan, lock, image = built
    source.workspace.blobs.remove(plan.image.manifest)
    with pytest.raises(NotReplayable, match="cannot be told"):
        cold.hold(source.workspace, plan.image, lock, image.model_copy(update={"manifest": Digest.of(b"another")}))


def test_a_damaged_package_is_noticed_before_it_is_installed(tmp_path):
    from orchestrator import operations
    from orchestrator.errors import Corruption

    source = Source(tmp_path)
    digest = Digest.of(b"a package")
    place = tmp_path / "blobs" / "sha256" / digest.hex[:2] / digest.hex
    place.unlink()
    place.write_bytes(b"a packagX")
    with pytest.raises(Corruption):
        operations.replay(source.workspace, RUN, cold=True, force=True)

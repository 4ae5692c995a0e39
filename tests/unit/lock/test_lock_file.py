"""The lock's parts that need no program: requirements, layer plan, the file, freshness, export."""

from __future__ import annotations

import json
import stat

import pytest
import yaml
from documents import make_base
from pydantic import ValidationError

from orchestrator.digest import Digest
from orchestrator.errors import LockError
from orchestrator.lock import export, file, requirements
from orchestrator.lock.create import MAX_OWN_LAYERS, OWN_LAYER_BYTES, plan_layers
from orchestrator.lock.model import Asked, LayerPin, Lock, WheelPin


def wheel(name: str, size: int | None = 1, version: str = "1.0") -> WheelPin:
    file = f"{name}-{version}-py3-none-any.whl"
    return WheelPin(name=name, version=version, file=file, sha256=Digest.of(file.encode()), size=size)


def make_lock(*wheels: WheelPin, **changes) -> Lock:
    base = make_base(
        name="python3.11",
        origin=Digest.of(b"base"),
        layers=(LayerPin(diff_id=Digest.of(b"rootfs"), size=6),),
    )
    fields = {
        "builder": "b/1",
        "python": "3.11",
        "requirements": ("numpy>=1",),
        "base": base,
        "wheels": wheels,
        "layers": plan_layers(wheels),
    }
    return Lock(**{**fields, **changes})


ASKED = Asked(
    kind="debian",
    base="python3.11",
    origin=Digest.of(b"base"),
    python="3.11",
    requirements=("numpy>=1",),
    builder="b/1",
)


class TestRequirements:
    def test_normal_form(self):
        lines = [
            "# a comment",
            "",
            "  numpy >= 1.20 , <3  # why",
            "torch==2.1.0+cpu\t# local",
            'tomli ; python_version < "3.11"',
            "uvicorn [standard]",
            "\t#",
        ]
        assert requirements.parse(lines, "r.txt") == (
            "numpy<3,>=1.20",
            "torch==2.1.0+cpu",
            'tomli; python_version < "3.11"',
            "uvicorn[standard]",
        )
        assert requirements.parse([], "r.txt") == ()

    def test_every_wrong_line_is_named(self):
        lines = [
            "numpy",
            "-r other.txt",
            "--index-url x",
            "torch=1",
            "pkg @ file:///tmp/x.whl",
            "a#b",
            "./local",
            "git+x",
        ]
        with pytest.raises(LockError) as caught:
            requirements.parse(lines, "r.txt")
        said = caught.value.message.splitlines()
        assert [line.partition(": ")[0] for line in said] == [f"r.txt:{number}" for number in range(2, 9)]
        assert "names a place" in said[3]
        assert "configuration" in caught.value.hint


class TestPlanLayers:
    def test_big_ones_alone_first_and_the_small_ones_together(self):
        wheels = [wheel("a", 10), wheel("big", OWN_LAYER_BYTES), wheel("c", None), wheel("huge", 9 * OWN_LAYER_BYTES)]
        files = {pin.name: pin.file for pin in wheels}
        plan = ((files["huge"],), (files["big"],), (files["a"], files["c"]))
        assert plan_layers(tuple(wheels)) == plan
        assert plan_layers(tuple(reversed(wheels))) == plan

    def test_nothing_and_only_big_ones(self):
        assert plan_layers(()) == ()
        assert plan_layers((wheel("big", OWN_LAYER_BYTES),)) == ((wheel("big").file,),)

    def test_engines_have_a_limit(self):
        wheels = tuple(wheel(f"p{number}", OWN_LAYER_BYTES + number) for number in range(150))
        plan = plan_layers(wheels)
        assert len(plan) == MAX_OWN_LAYERS + 1
        assert sorted(file for layer in plan for file in layer) == sorted(pin.file for pin in wheels)
        assert plan[0] == (wheel("p149").file,)


class TestModel:
    @pytest.mark.parametrize("field", ["name", "version", "file"])
    @pytest.mark.parametrize("text", ["", "a\n--index-url x", "a b"])
    def test_a_pin_cannot_carry_an_option_to_pip(self, field, text):
        with pytest.raises(ValidationError):
            WheelPin.model_validate({**wheel("a").model_dump(), field: text})

    def test_a_file_is_a_name_not_a_path(self):
        with pytest.raises(ValidationError):
            WheelPin.model_validate({**wheel("a").model_dump(), "file": "../a.whl"})


class TestFile:
    def test_there_and_back(self, tmp_path):
        lock = make_lock(wheel("a"), wheel("b", 3 * OWN_LAYER_BYTES))
        file.write(tmp_path / "job.lock", lock)
        assert file.read(tmp_path / "job.lock") == lock
        text = (tmp_path / "job.lock").read_text()
        assert text == json.dumps(json.loads(text), indent=1, sort_keys=True) + "\n"
        assert stat.S_IMODE((tmp_path / "job.lock").stat().st_mode) == 0o644

    def test_no_file_is_no_lock(self, tmp_path):
        assert file.read(tmp_path / "none.lock") is None

    @pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[1]", b'{"format":"orchestrator.lock/2"}'])
    def test_what_is_no_lock(self, tmp_path, data):
        (tmp_path / "job.lock").write_bytes(data)
        with pytest.raises(LockError, match=r"job\.lock is no lock"):
            file.read(tmp_path / "job.lock")

    @pytest.mark.parametrize(
        "change", [{"wheels": []}, {"unknown": 1}, {"wheels": [{"name": "a"}]}], ids=["merged badly", "unknown", "half"]
    )
    def test_an_edited_lock_that_cannot_be_right(self, tmp_path, change):
        value = {**make_lock(wheel("a")).model_dump(mode="json"), **change}
        (tmp_path / "job.lock").write_text(json.dumps(value))
        with pytest.raises(LockError, match="is no lock"):
            file.read(tmp_path / "job.lock")

    @pytest.mark.parametrize(
        "layers", [[], ["a"], ["a", "b", "b"], ["a", "b", "c"]], ids=["none", "too few", "twice", "too many"]
    )
    def test_the_plan_names_each_wheel_once(self, tmp_path, layers):
        plan = (tuple(wheel(name).file for name in layers),)
        file.write(tmp_path / "job.lock", make_lock(wheel("a"), wheel("b"), layers=plan))
        with pytest.raises(LockError, match="each wheel once"):
            file.read(tmp_path / "job.lock")


class TestFresh:
    def test_a_lock_that_answers_the_question(self, tmp_path):
        file.require_fresh(tmp_path / "job.lock", make_lock(), ASKED)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"requirements": ("numpy>=2",)}, "set of requirements"),
            ({"requirements": ()}, "set of requirements"),
            ({"python": "3.12"}, "Python"),
            ({"base": "python3.12"}, "base image"),
            ({"kind": "dockerfile"}, "base image"),
            ({"origin": Digest.of(b"relocked")}, "base image"),
            ({"origin": None}, "base image"),
            ({"builder": "b/2"}, "image builder"),
        ],
    )
    def test_each_field_makes_it_stale(self, tmp_path, change, said):
        with pytest.raises(LockError, match=rf"job\.lock is stale: the spec asks for another {said} now$"):
            file.require_fresh(tmp_path / "job.lock", make_lock(), ASKED.model_copy(update=change))

    def test_all_reasons_are_named(self, tmp_path):
        asked = ASKED.model_copy(update={"requirements": (), "python": "3.12", "base": "x", "builder": "y"})
        with pytest.raises(
            LockError,
            match="set of requirements and another Python and another base image and another image builder now",
        ):
            file.require_fresh(tmp_path / "job.lock", make_lock(), asked)


class TestExport:
    def test_requirements(self):
        lock = make_lock(wheel("numpy", version="2.0"), wheel("torch", version="2.1.0+cpu"))
        assert export.requirements_txt(lock) == "numpy==2.0\ntorch==2.1.0+cpu\n"
        assert export.requirements_txt(make_lock()) == ""

    def test_conda(self):
        environment = yaml.safe_load(export.conda_environment(make_lock(wheel("numpy", version="2.0")), "job: 1"))
        assert environment == {
            "name": "job: 1",
            "channels": ["conda-forge"],
            "dependencies": ["python=3.11.2", "pip", {"pip": ["numpy==2.0"]}],
        }
        assert yaml.safe_load(export.conda_environment(make_lock(), "n"))["dependencies"] == ["python=3.11.2", "pip"]

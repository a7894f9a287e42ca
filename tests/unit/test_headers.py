"""Weight files looked at by their headers: whole ones pass, and what is cut, missing or something else is named."""

from __future__ import annotations

import json
import struct

import pytest

from hunmin import models
from hunmin.errors import UserError


def weights(path, n=4, cut=0, more=b""):
    """A safetensors file of one tensor of `n` floats, cut by some bytes."""
    header = json.dumps({"a": {"dtype": "F32", "shape": [n], "data_offsets": [0, 4 * n]}}).encode()
    content = struct.pack("<Q", len(header)) + header + b"\0" * 4 * n + more
    path.write_bytes(content[: len(content) - cut])


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "base"
    found.mkdir()
    (found / "config.json").write_text('{"model_type": "llama"}')
    return found


def told(folder):
    with pytest.raises(UserError) as error:
        models.check_files(str(folder))
    return str(error.value)


def test_whole_files_pass_one_or_in_parts_and_a_hub_id_has_none(folder):
    weights(folder / "model.safetensors")
    models.check_files(str(folder))
    (folder / "model.safetensors").rename(folder / "part-1.safetensors")
    models.check_files(str(folder))  # under another name, as a model's own code may have it
    weights(folder / "part-2.safetensors", 9)
    index = {"weight_map": {"a": "part-1.safetensors", "b": "part-2.safetensors", "c": "part-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    models.check_files(str(folder))
    models.check_files("owner/name")
    (folder / "part-2.safetensors").unlink()
    assert "1 of 2 weight files are missing (such as part-2.safetensors)" in told(folder)


@pytest.mark.parametrize(
    ("content", "why"),
    [({"cut": 1}, "cut off: 94 bytes, its header says 95"), ({"cut": 30}, "ends within its header"),
     ({"more": b"xx"}, "too long")],
)  # fmt: skip
def test_a_cut_file_is_told(folder, content, why):
    header = len(json.dumps({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}))
    weights(folder / "model.safetensors", **content)
    why = why.replace("94", str(8 + header + 15)).replace("95", str(8 + header + 16))
    assert why in told(folder)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("model.safetensors", b"", "ends within its header"),
        ("model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS"),
        ("model.safetensors", struct.pack("<Q", 2**60) + b"{}", "ends within its header"),
        ("model.safetensors", struct.pack("<Q", 2) + b"[]", "names no weights"),
        ("model.safetensors", struct.pack("<Q", 30) + b'{"a":{"data_offsets":[0,"x"]}}', "names no weights"),
        ("model.safetensors", struct.pack("<Q", 4) + b"\xff\xfe{}", "names no weights"),
        ("pytorch_model.bin", b"<html>404</html>", "not a file of weights"),
        ("model.safetensors.index.json", b'{"weight_map": {"a": "../../etc/passwd"}}', "outside the folder"),
        ("model.safetensors.index.json", b'{"weight_map": []}', "names no weights"),
        ("model.safetensors.index.json", b"{", "not JSON"),
        ("readme.txt", b"", "holds no weights"),
    ],
)
def test_what_is_no_weight_file_is_told_by_name(folder, name, content, why):
    (folder / name).write_bytes(content)
    assert why in told(folder)


def test_an_adapter_is_looked_at_with_its_base(folder, tmp_path):
    weights(folder / "model.safetensors")
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(folder)}))
    assert "adapter_model.safetensors is missing" in told(adapter)
    weights(adapter / "adapter_model.safetensors")
    models.check_files(str(adapter))
    weights(folder / "model.safetensors", cut=3)
    assert "base/model.safetensors" in told(adapter)

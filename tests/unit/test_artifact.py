"""What identifies an artifact's inputs."""

from __future__ import annotations

from hunmin.artifacts import artifact


def test_files_of_one_name_and_folders_are_told_apart_by_content(tmp_path):
    """KoBEST has five `test.tsv`; a model folder is too large to be read whole."""
    paths = [tmp_path / "boolq" / "test.tsv", tmp_path / "copa" / "test.tsv", tmp_path / "model"]
    for path in paths[:2]:
        path.parent.mkdir()
        path.write_text(path.parent.name)
    paths[2].mkdir()
    (paths[2] / "model.safetensors").write_bytes(b"\0" * (5 << 20))
    seen = [artifact.file_hashes(paths)]
    assert set(seen[0]) == {"file:test.tsv", "file:model"} == set(artifact.file_hashes([*paths, tmp_path / "gone"]))
    for change in (
        lambda: paths[0].write_text("other"),
        lambda: paths[1].write_text("other"),
        lambda: (paths[2] / "model.safetensors").write_bytes(b"\0" * (5 << 20) + b"\1"),
        lambda: (paths[2] / "config.json").write_text("{}"),
    ):
        change()
        seen.append(artifact.file_hashes(paths))
    assert len({str(s) for s in seen}) == 5
    assert artifact.file_hashes(paths[:1])["file:test.tsv"] == artifact.sha256_file(paths[0])[:16]

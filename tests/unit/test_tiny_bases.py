"""A recipe's tiny bases are pretrained before its stages, and only those that are missing."""

from __future__ import annotations

from hunmin import tiny
from hunmin.running import recipe, tiny_bases


def test_the_bases_of_a_recipe_that_are_not_here(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = "stages:\n- load: {path: a.jsonl}\n- rate: {rater: ifd, model: 'tiny:neox'}\n"
    text += "- sft: {base_model: 'tiny:llama'}\n"
    found = recipe.parse(text, tmp_path / "r.yaml")
    assert tiny_bases.wanted(found) == ["llama", "neox"]
    folder = tiny._folder("neox", tiny.Shape(), tiny.corpus())
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    assert tiny_bases.wanted(found) == ["llama"] and tiny.build("neox") == folder

"""The options of publish: what is refused before anything runs."""

from __future__ import annotations

import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.errors import UserError
from hunmin.publishing import dataset_card, model_card
from hunmin.running import recipe
from hunmin.stages import STAGES, publish
from hunmin.tables import resolve


def config(**options):
    return publish.Config(**{"what": "records", **options})


def test_from_is_an_option_by_that_name():
    assert getattr(config(**{"from": "rate"}), "from") == "rate"
    assert "from" in publish.Config.model_fields
    assert config().model_dump()["from"] == ""
    assert publish.Config(**config(**{"from": "rate"}).model_dump(mode="json")) == config(**{"from": "rate"})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"repo": "no-owner"}, "write owner/name"),
        ({"repo": "a/b/c"}, "write owner/name"),
        ({"repo": "a/-b"}, "write owner/name"),
        ({"format": "alpacca"}, "is unknown"),
        ({"license": "free for all"}, "not in the table"),
        ({"accept": ["everything"]}, "unknown everything"),
    ],
)
def test_bad_options_are_named(options, said):
    assert any(said in line for line in publish.check(config(**options)))


def test_good_options_pass():
    more = {"repo": "our-lab/korae_12k.v2", "license": "CC BY-NC 4.0", "accept": ["generator-terms"]}
    assert publish.check(config(**more)) == []


def test_the_estimate_says_where_it_goes_and_what_it_needs():
    assert publish.estimate(config(), Inputs())["uploads"] is False
    found = publish.estimate(config(repo="a/b"), Inputs())
    assert found["uploads"] is True and found["private"] is True and "HF_TOKEN" in found["needs"]


def test_a_recipe_may_publish_twice(tmp_path):
    text = (
        "stages:\n- load: {path: x.jsonl}\n- publish: {as: one, what: records}\n"
        "- publish: {as: two, what: records, from: load}\n"
    )
    assert [s.label for s in recipe.parse(text, tmp_path / "r.yaml").steps] == ["load", "one", "two"]


def test_the_cards_name_options_that_there_are():
    for stage, shown in dataset_card.SHOWN.items():
        assert set(shown) <= set(resolve(STAGES, stage, "stage").Config.model_fields), stage
    training = {**resolve(STAGES, "sft", "stage").Config.model_fields}
    training |= resolve(STAGES, "dpo", "stage").Config.model_fields
    assert set(model_card.HYPERPARAMETERS) <= set(training)


@pytest.mark.parametrize(("name", "said"), [("gone", "no such file or folder"), ("empty", "there are no weights")])
def test_a_run_that_is_not_there_is_not_called_empty(tmp_path, name, said):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=said):
        publish.run(config(what="model"), Inputs(model=tmp_path / name), tmp_path / "out")

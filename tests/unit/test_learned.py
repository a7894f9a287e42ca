"""Keys that say what of a row is learned: mapped, refused with what to do, or set aside by `ignore`."""

from __future__ import annotations

import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.errors import UserError
from hunmin.stages import load

ASKED = {"instruction": "서울은?", "output": "수도"}
PAIR = {"prompt": "서울은?", "chosen": "수도", "rejected": "몰라"}


def chat(*weights, **more):
    """Turns of user and assistant, an answer for each of the keys given for it."""
    turns = []
    for i, keys in enumerate(weights):
        turns += [{"role": "user", "content": f"{i}?"}, {"role": "assistant", "content": f"{i}.", **keys}]
    return {"messages": turns, **more}


def loaded(tmp_path, *rows, **options):
    write_jsonl(tmp_path / "data.jsonl", rows)
    config = load.Config(path=str(tmp_path / "data.jsonl"), **options)
    counts = load.run(config, Inputs(label="load"), tmp_path / "out")
    return list(read_jsonl(tmp_path / "out" / "records.jsonl")), counts


def weights(record):
    return [m.get("weight") for m in record["messages"] if m["role"] == "assistant"]


@pytest.mark.parametrize(
    ("keys", "weight"),
    [
        ({"masked": True}, 0),
        ({"masked": "false"}, 1),
        ({"mask": True}, 0),
        ({"mask": False}, 1),
        ({"loss_mask": 0}, 0),
        ({"loss_mask": True}, 1),
        ({"calculate_loss": False}, 0),
        ({"train_on_turn": False}, 0),
        ({"mask": None, "train_detail": []}, None),
        ({"masked": False, "train": True}, 1),
    ],
)
def test_a_turn_marked_not_to_be_learned_has_weight_0_however_it_is_said(tmp_path, keys, weight):
    (record,), counts = loaded(tmp_path, chat({}, keys))
    assert weights(record) == [None, weight]
    assert not counts.notes.get("not_used")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (chat({"mask": 1}), ["mask 1, which may mean learned or not learned", "weight: 0", "ignore: [mask]"]),
        (chat({"masked": "maybe"}), ["masked 'maybe', but a turn is either masked (true) or not (false)"]),
        (chat({"masked": True, "train": True}), ["two weights that differ"]),
        (chat({"loss_mask": [0, 1]}), ["loss_mask [0, 1], but a turn is either learned"]),
        (
            chat({"train_detail": [{"begin_offset": 0, "end_offset": 1, "train": False}]}),
            ["messages.1", "train_detail: a part of a turn", "ignore: [train_detail]"],
        ),
        ({**ASKED, "train": False}, ["field 'train'", "train: false says that the row is not to be learned",
                                     "ignore: [train]", "on_bad_row: drop"]),
        ({**ASKED, "train": 0}, ["train: 0 says"]),
        ({**ASKED, "train": "False"}, ["train: False says"]),
        (chat({}, train_on_turn=False), ["train_on_turn: false says"]),
        (chat({}, {}, loss_mask=[0, 1, 0]), ["3 values do not say which of 4 turns are", "load.ignore: [loss_mask]"]),
        ({**ASKED, "loss_mask": [1, 0]}, ["loss_mask: 2 values"]),
        ({**ASKED, "trainable": "perhaps"}, ["trainable: perhaps, but it is either true or false"]),
        ({**ASKED, "masked": True}, ["masked: true says"]),
        ({**ASKED, "loss": False}, ["loss: false says"]),
        ({**ASKED, "weight": 0}, ["weight: 0 says"]),
        ({**ASKED, "is_correct": False}, ["is_correct: false says that the answer is wrong",
                                          "columns: {..., label: is_correct}", "ignore: [is_correct]"]),
        ({**ASKED, "is_correct": "No"}, ["is_correct: No says"]),
        ({**ASKED, "is_correct": 0.5}, ["is_correct: 0.5, but it is either true or false"]),
        ({**ASKED, "correct": False}, ["correct: false says"]),
        ({**ASKED, "label": True, "is_correct": False}, ["is_correct: false says"]),
        ({**PAIR, "score_chosen": 3, "score_rejected": 5.5}, ["score_rejected 5.5 is above score_chosen 3",
                                                              "ignore: [score_chosen, score_rejected]"]),
        ({**PAIR, "chosen_rating": "3.0", "rejected_rating": "4.0"}, ["rejected_rating 4.0 is above"]),
        (
            {"chosen": [{"role": "user", "content": "가?"}, {"role": "assistant", "content": "나"}], "chosen_score": 0,
             "rejected": [{"role": "user", "content": "가?"}, {"role": "assistant", "content": "다"}],
             "rejected_score": 1},
            ["rejected_score 1 is above chosen_score 0"],
        ),
        (
            {"messages": [{"role": "system", "content": "길게."}, *chat({})["messages"]],
             "chat_template_kwargs": {"custom_instructions": "짧게."}},
            ["chat_template_kwargs.custom_instructions", "two system prompts that differ"],
        ),
    ],
)  # fmt: skip
def test_what_a_record_has_no_place_for_is_refused_with_what_to_do(tmp_path, row, says):
    with pytest.raises(UserError) as error:
        loaded(tmp_path, row)
    for part in says:
        assert part in str(error.value)


@pytest.mark.parametrize(
    "more",
    [
        {"train": True},
        {"train": "train"},
        {"train": "test"},
        {"train": None, "is_correct": None},
        {"training": 12},
        {"loss": 0.0},
        {"loss": 0.731},
        {"mask": "User"},
        {"loss_mask": [0, 1]},
        {"loss_mask": 1},
        {"weight": 0.5},
        {"train": [{"input": [[0]], "output": [[1]]}]},
        {"loss": [0.7, 0.3]},
        {"is_correct": True},
        {"is_correct": "yes"},
        {"correct": "수도"},
        {"correct": 0},
        {"label": False, "is_correct": False},
        {"chat_template_kwargs": {"custom_instructions": "", "enable_thinking": False}},
    ],
)
def test_what_says_the_usual_or_something_else_is_a_column_like_any_other(tmp_path, more):
    (record,), counts = loaded(tmp_path, {**ASKED, **more})
    assert record["extra"] == {k: v for k, v in more.items() if k != "label"}
    assert set(counts.notes["not_used"]) == set(more) - {"label"}


@pytest.mark.parametrize(
    "more",
    [
        {"score_chosen": 5.5, "score_rejected": 3},
        {"score_chosen": 5, "score_rejected": 5},
        {"score_chosen": None, "score_rejected": 5},
        {"chosen_rank": 1, "rejected_rank": 2},
        {"chosen_tokens": 1, "rejected_tokens": 2},
    ],
)
def test_a_pair_whose_numbers_do_not_contradict_it_is_read(tmp_path, more):
    (record,), _ = loaded(tmp_path, {**PAIR, **more})
    assert record["extra"] == more


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"train_on_turn": [False, False, False, True]}, [0, 1]),
        ({"loss_mask": [0, 1, 0, 0]}, [1, 0]),
        ({"loss_mask": [1, 0]}, [1, 0]),
        ({"masked": [True, False, True, True]}, [1, 0]),
        ({"train": [True, True], "system": "짧게."}, [1, 1]),
    ],
)
def test_a_list_with_a_value_for_each_turn_or_answer_is_its_weights(tmp_path, more, found):
    (record,), counts = loaded(tmp_path, chat({}, {}, **more))
    assert weights(record) == found
    assert "extra" not in record and not counts.notes.get("not_used")


def test_custom_instructions_are_the_system_prompt_and_the_other_options_stay(tmp_path):
    kwargs = {"custom_instructions": "짧게.", "enable_thinking": False, "xml_tools": []}
    (record,), _ = loaded(tmp_path, chat({}, chat_template_kwargs=kwargs))
    assert record["messages"][0] == {"role": "system", "content": "짧게."}
    assert record["extra"] == {"chat_template_kwargs": {"enable_thinking": False, "xml_tools": []}}
    (record,), _ = loaded(tmp_path, {**ASKED, "chat_template_kwargs": {"custom_instructions": "짧게."}})
    assert record["system"] == "짧게." and "extra" not in record


def test_rows_not_to_be_learned_are_dropped_or_learned_as_the_user_says(tmp_path):
    rows = [{**ASKED, "instruction": f"{i}?", "train": i % 2 == 0} for i in range(4)]
    records, counts = loaded(tmp_path, *rows, on_bad_row="drop")
    assert [r["instruction"] for r in records] == ["0?", "2?"] and counts.dropped == {"bad_row": 2}
    records, counts = loaded(tmp_path, *rows, ignore=["train"])
    assert [r["extra"] for r in records] == [{"train": i % 2 == 0} for i in range(4)]
    assert "not used: train (4 rows: 2 true, 2 false)" in counts.notes["terminal"]
    rows = [{**ASKED, "instruction": f"{i}?", "is_correct": i % 2 == 0} for i in range(4)]
    columns = {"instruction": "instruction", "output": "output", "label": "is_correct"}
    records, _ = loaded(tmp_path, *rows, columns=columns)
    assert [r["label"] for r in records] == [True, False, True, False]


def test_ignored_keys_of_turns_and_of_pairs_stay_beside_them(tmp_path):
    (record,), counts = loaded(tmp_path, chat({"mask": 1}, {"train": False}), ignore=["mask", "train"])
    assert weights(record) == [None, None] and "messages.mask" in counts.notes["not_used"]
    assert [m["extra"] for m in record["messages"] if m["role"] == "assistant"] == [{"mask": 1}, {"train": False}]
    scores = {"score_chosen": 3, "score_rejected": 5}
    (record,), _ = loaded(tmp_path, {**PAIR, **scores, "extra": {"n": 1}}, ignore=list(scores))
    assert record["extra"] == {"n": 1, **scores}
    found = load.check(load.Config(path="x", ignore=["q"], columns={"instruction": "q", "output": "a"}))
    assert found == ["ignore and columns both name 'q'"]

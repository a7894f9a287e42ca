"""Form-dependent tasks are told from the English instruction; ordinary ones are left alone."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from hunmin.text.english_part import english_part
from hunmin.text.tasks import form_task

FORM = [
    ("Rewrite the paragraph and fix all punctuation.", "grammar", True),
    ("Is this sentence grammatically correct? If not, correct the error.", "grammar", True),
    ("Proofread my cover letter.", "grammar", True),
    ("List the misspelt words below.", "spelling", True),
    ("Name three words beginning with the letter Q.", "letters", True),
    ("How many vowels does this word have?", "letters", False),
    ("Sort these names alphabetically.", "letters", True),
    ("Unscramble the word.", "anagram", True),
    ("Write a limerick about a cat from Leeds.", "rhyme", True),
    ("Which word rhymes with orange?", "rhyme", True),
    ("Write the heading in upper case.", "letter_case", True),
    ("Turn this statement into the passive voice.", "inflection", True),
    ("Convert the sentences to reported speech.", "inflection", True),
    ("Underline every adjective in the sentence.", "word_class", False),
    ("Decide which part of speech the marked word belongs to.", "word_class", False),
    ("Translate the following into English.", "translation", True),
    ("Translate this menu from English to Spanish.", "translation", True),
    ("Format the source in APA style.", "citation", True),
    ("Suggest an acronym for our club.", "acronym", True),
    ("What does the idiom mean?", "idiom", False),
    ("Correct this sentence. He have two dog.", "grammar", True),
    ("What is the plural of ox?", "inflection", True),
    ("Explain the following idiom.", "idiom", False),
    ("Put the following words in alphabetical order: pear, apple", "letters", True),
    ("Given the list of names, arrange it alphabetically.", "letters", True),
    ("Write a haiku with 5-7-5 syllables.", "letters", True),
    ("Solve this crossword clue.", "anagram", True),
    ("What 7-letter word reads the same upside down?", "letters", True),
]

NOT_FORM = [
    "Summarize the meeting notes in two sentences.",
    "Correct the statement if it is false: the Nile flows through Brazil.",
    "In which case should I call a doctor?",
    "Write a Python function that reverses the letters of a string.",
    "Write a program that counts the vowels in a text.",
    "Write a letter to my landlord.",
    "Explain how capital gains tax works.",
    "Translate the logical formula into natural language.",
    "Tell me about the past of Seoul and its present.",
    "Generate a strong password with an uppercase letter.",
    "What is the subject of this email?",
    "Which object is heavier?",
    "Give me three tips for better sleep.",
    "Identify the main idea of the article.",
    "How long do 3 crossword puzzles take?",
    "Which newspaper prints the hardest crossword?",
    "What is a haiku?",
    "Write a haiku about the rain.",
    "What is a homonym?",
    "Define the literary device alliteration.",
    "Tell me about cockney rhyming slang",
    "List the states in alphabetical order.",
    "Name seven rivers of Asia, in alphabetical order.",
    "What are the planets? Answer in bullet points, and capitalize each name.",
    "Compare capitalism and socialism.",
    "How do you cite a book in MLA format?",
    "Write a short story in present tense.",
    "Create a rule to detect misspelled words",
    "",
]


@pytest.mark.parametrize(("instruction", "kind", "output_too"), FORM)
def test_form_task_is_recognised(instruction, kind, output_too):
    task = form_task(instruction)
    assert task is not None and (task.kind, task.output_too) == (kind, output_too)
    assert instruction[task.start : task.end]


@pytest.mark.parametrize("instruction", NOT_FORM)
def test_ordinary_task_is_not(instruction):
    assert form_task(instruction) is None


def test_the_bundled_sample_is_sorted_exactly():
    lines = resources.files("hunmin.data").joinpath("en.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    found = {r["id"]: form_task(r.get("instruction") or "") is not None for r in rows}
    wrong = [r["id"] for r in rows if found[r["id"]] != (r["extra"]["task"] == "form")]
    assert wrong == []


@pytest.mark.parametrize(
    ("instruction", "parts"),
    [
        ('Which is right: "their" or "there"?', ['"their"', '"there"']),
        ("Rewrite the sentence in the past tense\nI miss you", ["I miss you"]),
        ("Change it to active voice: The song was sung.", ["The song was sung."]),
        ("What rhymes with 'light'? Don't say 'night'.", ["'light'", "'night'"]),
        ("Correct the grammar mistakes in the sentence.", []),
        ("Rewrite the sentence She go home in the past tense.", ["She go home"]),
        ("Correct this sentence. He have two dog.", ["He have two dog."]),
        ("Is this sentence grammatically correct? Output yes or no.", []),
        ("Fix the grammar in the sentence He don't know.", ["He don't know."]),
        ("What is the plural of ox?", ["ox"]),
        ("Name three words that rhyme with cat.", ["cat"]),
        ("Conjugate the verb walk in the past tense", ["walk"]),
        ("Fix the spelling in the text below:\n\nHe said: “Helo” and left.", ["He said: “Helo” and left."]),
    ],
)
def test_english_in_the_instruction_is_found(instruction, parts):
    task = form_task(instruction)
    assert task is not None
    assert [instruction[a:b] for a, b in english_part(instruction, task)] == parts


@pytest.mark.data
def test_on_labelled_real_translations(data_folder):
    gold: dict[str, bool] = {}
    for line in (data_folder / "parallel" / "gold_dev.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        gold[row["id"]] = gold.get(row["id"], False) or "task_broken" in row["labels"]
    found = {}
    for line in (data_folder / "parallel" / "en.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["id"] in gold:
            found[row["id"]] = form_task(row["instruction"]) is not None
    hits = sum(found[i] and gold[i] for i in gold)
    assert hits / sum(gold.values()) >= 0.9
    assert hits / sum(found.values()) >= 0.7

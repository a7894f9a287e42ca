"""Tasks that depend on the form of the English: translate their input and nothing is left to do.

A grammar exercise whose errors are gone, a rhyme without its sound, a letter-case task on a script without case: in
real translated data this is the largest source of major errors. The English instruction gives such tasks away. The
rules look for the operation AND for something it is done to, since "correct" or "case" alone say nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class FormTask:
    """What was recognised: its kind, where in the instruction ([start, end)), and whether the answer is itself a
    piece of English (`output_too`) or talks about one."""

    kind: str
    start: int
    end: int
    output_too: bool


TEXT = r"(?:sentences?|texts?|words?|paragraphs?|phrases?|passages?|essays?|e-?mails?|articles?|writing|titles?|names?)"
_FIX = (
    r"(?:correct\w*|fix\w*|find|identif\w+|edit\w*|proof-?read\w*|improv\w+|check\w*|spot|revis\w+|detect|mend|repair)"
)
_ASK = r"(?:rewrite|re-write|change|convert|turn|transform|put|write|rephrase|make|restate|conjugate|give|provide|form)"

# (kind, answer is English too, pattern); the first that matches names the kind
_RULES: tuple[tuple[str, bool, str], ...] = (
    ("grammar", True, rf"\b{_FIX}\b<60>\b(?:grammar|grammatical\w*|punctuation|typos?|misprints?)\b"),
    ("grammar", True, r"\b(?:grammatical(?:ly)?|grammar|punctuation)\b<40>\b(?:correct\w*|errors?|mistakes?)\b"),
    ("grammar", True, r"\b(?:more|not) grammatical(?:ly)?\b|\bproof-?read\w*\b|\bpunctuate\b"),
    ("grammar", True, r"\b(?:add|insert|remove|place|fix)\b<30>\b(?:commas?|apostrophes?|punctuation|hyphens?)\b"),
    ("grammar", True, r"\b(?:run-on|sentence fragments?|dangling modifiers?|comma splices?|double negatives?)\b"),
    (
        "grammar",
        True,
        rf"\bcorrect (?:the|any|all|this|these)?\s*(?:following |given )?{TEXT} (?:below"
        rf" )?(?:so that|to be)\b",
    ),
    (
        "grammar",
        True,
        rf"^\s*(?:please )?(?:correct|fix) (?:this|these|the following|the given|the) {TEXT}\s*(?:[.:]|below|$)",
    ),
    ("spelling", True, rf"\b{_FIX}\b<60>\b(?:spell(?:ing|ed|t)?|misspell\w*|mis-spell\w*)\b"),
    (
        "spelling",
        True,
        r"\bmis-?spell?\w*\b|\bspelling (?:errors?|mistakes?|bee)\b"
        r"|\b(?:correct|right|proper)(?:ly)? spell\w*",
    ),
    ("spelling", True, r"\bspell (?:the|this|these|out|each|it)\b|\bhow (?:do you|to|is \w+) spell\w*\b"),
    ("letters", False, r"\bcount\b<40>\b(?:letters?|vowels?|consonants?|syllables?|characters?|words?)\b"),
    (
        "letters",
        False,
        r"\bhow many (?:times )?<40>\b(?:letters?|vowels?|consonants?|syllables?)\b"
        r"|\bnumber of (?:letters|vowels|consonants|syllables)\b",
    ),
    (
        "letters",
        True,
        r"\bwords? (?:that|which|with|of|from)?<40>\b(?:(?:start|begin|end)s?(?:ning|ing)? with(?: the)? "
        r"(?:letters?|prefix|suffix|['\"]?[A-Za-z]['\"]?\b)|contain\w* (?:the )?letters?|letters long)",
    ),
    (
        "letters",
        True,
        r"\b(?:starting|beginning|ending) with the (?:letters?|prefix|suffix)\b"
        r"|\b(?:first|last) letters?\b",
    ),
    ("letters", True, r"\b(?:reverse|rearrange|unscramble|scramble|shuffle|sort|remove|replace)\b<40>\bletters?\b"),
    (
        "letters",
        True,
        # "in alphabetical order" alone is how an answer is laid out: "List the states in alphabetical order."
        r"\b(?:sort|arrange|order|organi[sz]e|put|place|rearrange|reorder|reshape|rank)\b<30>\b(?:these|this|following|below"
        r"|given|provided|words?|names?|items?|list|terms?|sentence|phrase)\b<60>\balphabetical(?:ly)?\b|\balphabeti[sz]e\b"
        r"|\b(?:these|following|given|provided|below)\b<20>\b(?:words?|names?|items?|lists?|terms?|phrases?|strings?)\b<60>"
        r"\balphabetical(?:ly)?\b"
        # a haiku can be written in Korean; its syllables are counted only where the instruction says so
        r"|\bpig latin\b|\bvowels?\b|\bsyllab(?:les?|ic)\b|\b\d+[- ]letter words?\b",
    ),
    (
        "anagram",
        True,
        r"\banagrams?\b|\bpalindromes?\b|\bunscrambl\w+\b|\bword (?:scramble|ladder)\b|\bcrossword clues?\b"
        # "How long do 3 crossword puzzles take?" is sums
        r"|\b(?:solve|complete|fill in|create|make|generate|construct|design)\b<30>\b(?:crossword|word search)\b",
    ),
    ("acronym", True, r"\b(?:suggest|create|make|come up with|generate|invent|form|think of)\b<30>\backronyms?\b"),
    ("acronym", True, r"\bacrostic\b|\b(?:acronym|abbreviation|initialism)s? (?:for|of|from)\b"),
    (
        "rhyme",
        True,
        r"\brhym\w+\b|\balliterat\w+\b|\bhomophones?\b"
        r"|\bhomonyms?\b|\btongue[- ]twister\w*|\blimericks?\b",
    ),
    ("rhyme", True, r"\bpuns?\b|\bword ?play\b|\bspoonerisms?\b|\bassonance\b"),
    ("sound", True, r"\bpronounc\w+\b|\bpronunciations?\b|\bphonetic\w*\b|\bIPA (?:transcription|notation)\b"),
    (
        "letter_case",
        True,
        r"\bcapitali[sz](?:es?|ed|ing|ation)\b"  # capitalism is none
        r"|\b(?:upper|lower|title|sentence|camel|snake|pascal|kebab)[- ]?case\w*\b",
    ),
    ("letter_case", True, r"\bcapital letters?\b|\ball[- ]caps\b|\b(?:in|to) (?:capitals|small letters)\b"),
    (
        "inflection",
        True,
        rf"\b{_ASK}\b<60>\b(?:(?:past|present|future|perfect|progressive|continuous)\b<20>tense"
        r"|(?:simple past|past participle|gerund|infinitive)|(?:active|passive) (?:voice|form)|plural|singular"
        r"|(?:comparative|superlative)|(?:reported|indirect|direct) speech)\b",
    ),
    (
        "inflection",
        True,
        r"\b(?:past|present|future) (?:simple |perfect |continuous )?(?:tense|participle)\b"
        r"|\bverb tenses?\b",
    ),
    (
        "inflection",
        True,
        r"\b(?:plural|singular|possessive|superlative|comparative) (?:form|noun)\w*\b"
        r"|\b(?:plural|singular|past participle|comparative|superlative) of (?:the (?:word|noun|verb) )?[\"']?\w+[\"']?"
        r"\s*[?.]?$"
        r"|\bconjugat\w+\b",
    ),
    (
        "inflection",
        True,
        r"\b(?:rewrite|change|convert|turn|transform|put|rephrase)\b<60>\b(?:first|second|third)[- ]person\b",
    ),
    ("inflection", True, r"\b(?:active|passive) voice\b|\bcontractions?\b|\bsubject[- ]verb agreement\b"),
    ("word_choice", True, r"\b(?:insert|fill|choose|use|add|put|pick|select)\b<50>[\"'“]\w+[\"'”](?:,| or| and|/)"),
    ("word_choice", True, r"\bwhich (?:of the )?(?:\w+ )?(?:words?|spelling|form) (?:is|are) (?:right|correct)\b"),
    ("word_choice", True, r"\bwhich (?:one )?(?:is|are) (?:right|correct)<30>[\"'“‘]\w"),
    (
        "word_choice",
        True,
        r"\b(?:definite|indefinite) articles?\b|\bprepositions?\b"
        r"|\bconjunctions?\b|\bprefix(?:es)?\b|\bsuffix(?:es)?\b",
    ),
    ("word_class", False, r"\bparts? of speech\b|\bPOS tag\w*\b"),
    (
        "word_class",
        False,
        rf"\b(?:identify|find|underline|list|highlight|circle|name|extract|locate|label|determine|classify|pick out)\b"
        rf"<50>\b(?:nouns?|verbs?|adjectives?|adverbs?|pronouns?|subject|predicate|object|clauses?)\b"
        rf"<40>\b(?:{TEXT})\b",
    ),
    (
        "ambiguity",
        False,
        r"\b(?:understood|read|interpreted|parsed) in"
        r" (?:two|several|different|multiple|more) \w*\s?ways?\b",
    ),
    (
        "ambiguity",
        False,
        r"\bambigu(?:ous|ity|ities)\b<40>\b(?:sentence|phrase|word)"
        r"|\b(?:sentence|phrase|word)\b<40>\bambigu",
    ),
    ("idiom", False, r"\bidioms?\b|\bidiomatic\b|\bphrasal verbs?\b|\bslang\b|\bproverbs?\b<30>\bmeans?\b"),
    ("etymology", False, r"\betymolog\w+\b|\borigin of the (?:word|phrase|term)\b|\bword origins?\b"),
    (
        "exact_match",
        True,
        r"\bexact(?:ly)? (?:match|phrase|words?|quote|quotation)\w*\b"
        r"|\bverbatim\b|\bword for word\b",
    ),
    (
        "citation",
        True,
        r"\b(?:APA|MLA|Chicago|Harvard|IEEE|Turabian|BibTeX|Vancouver)\b"
        r"<40>\b(?:style|format\w*|citation\w*|reference\w*|cite)\b",
    ),
    (
        "citation",
        True,
        r"\b(?:cite|citations?|bibliograph\w+|references?)\b"
        r"<40>\b(?:APA|MLA|Chicago|Harvard|IEEE|BibTeX|format|style)\b",
    ),
    ("translation", True, r"\btranslat\w+\b<60>\b(?:in)?to (?:the )?English\b"),
    (
        "translation",
        True,
        r"\btranslat\w+\b<60>\b(?:from|in)?to (?:the )?(?:Spanish|French|German|Italian|Portuguese|Japanese|Chinese"
        r"|Mandarin|Russian|Arabic|Hindi|Dutch|Latin|Turkish|Polish|Swedish|Greek|Hebrew|Vietnamese|Thai|Korean)\b",
    ),
    (
        "wordiness",
        True,
        r"\b(?:wordy|wordiness|unnecessary words|redundant words)\b"
        r"|\bcombine (?:the |these |both )?(?:two )?(?:\w+ )?sentences\b",
    ),
    (
        "word_pattern",
        True,
        r"\bwords?\b<30>\b(?:satisf\w+|match\w*|fit\w*)\b<30>\b(?:condition|pattern|criteria|clue)s?\b",
    ),
)  # fmt: skip


def _compile(pattern: str) -> re.Pattern[str]:
    """<40> in a rule stands for up to 40 characters of the same sentence; rules are searched in lower-cased text, which
    is faster than ignoring case.
    """
    return re.compile(re.sub(r"<(\d+)>", r"[^.?!\\n]{0,\1}", pattern).lower())


_COMPILED = tuple((kind, too, _compile(pattern)) for kind, too, pattern in _RULES)
_ANY = re.compile("|".join(pattern.pattern for _, _, pattern in _COMPILED))

# Where a rule's words stand without the task being about form.
_NOT = _compile(
    r"\btranslat\w+\b<40>\binto (?:natural language|code|python|sql)\b"
    r"|\b(?:python|java(?:script)?|c\+\+|sql|regex|function|code|program|script|algorithm|method|class)\b"
    r"<80>\b(?:capital|count|reverse|palindrom|vowel|anagram|letter|case|sort|string|alphabet|word)\w*"
    r"|\b(?:write|create|implement|generate|design|develop|code)\b<30>\b(?:function|program|script|algorithm|code|method|regex|query)\b"
    r"|\b(?:capitali[sz]e on|market capitali[sz]ation|present tense situation|investment vehicles?)\b"
    r"|\bregular expressions?\b|\bcreate a rule\b|\bstor(?:y|ies)\b<20>\b(?:past|present|future) tense\b"
    # what a form is or how it is done is told in any language: "What is a haiku?", "How is a book cited in MLA style?"
    r"|^\s*(?:what(?: is|'s| are)|define|explain|describe|tell me about|give (?:me )?a definition of)\s+(?:what )?"
    r"(?:the (?:definition|concept|history|purpose|rules?|term) (?:of|for)\s+)?(?:an?\s+|the\s+)?"
    r"(?:(?!following|given|this|these|those|meaning|words?|plural|below)[\w-]+ ){0,4}[\"']?"
    r"(?:haikus?|homonyms?|homophones?|limericks?|puns?|palindromes?|anagrams?|acronyms?|acrostics?"
    r"|alliterations?|assonance|rhymes?|slang|idioms?|syllables?|vowels?|prefix(?:es)?|suffix(?:es)?|prepositions?"
    r"|conjunctions?|contractions?|gerunds?|(?:past|present|future) (?:perfect )?tense|(?:passive|active) voice"
    r"|crosswords?|word ?play|tongue twisters?)[\"']?"
    r"(?: is| are| poems?| mean| in a sentence| in your own words)?\s*[?.]?\s*$"
    r"|^\s*(?:how (?:do|should|can|would|to)|what is the (?:proper|correct|right))\b<30>"
    r"\b(?:cite|citations?|format\w*)\b"
    # the last of a list, or how an answer to a question of substance is to look
    r"|\b(?:what|which|who|when|where|why|how)\b[^.?!\n]{0,160}\?\s+[^?\n]{0,80}\bcapitali[sz]e"
    r"|\bpasswords?\b"
    r"|\bwrite (?:a|an|me a|some) (?:poem|story|song|rap|verse)\b"
)  # fmt: skip


def form_task(instruction: str) -> FormTask | None:
    """Give the form-dependent task that an English instruction sets, or None.

    Only the instruction is read: its input is what would be spoiled. A program that does something to letters is no
    such task, since code stays English anyway.
    """
    low = instruction.lower()
    if len(low) != len(instruction):  # a letter such as İ becomes two
        low = "".join(char.lower()[:1] for char in instruction)
    if not _ANY.search(low) or _NOT.search(low):
        return None
    for kind, too, pattern in _COMPILED:
        match = pattern.search(low)
        if match:
            return FormTask(kind, match.start(), match.end(), too)
    return None

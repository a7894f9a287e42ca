"""The patterns of what must survive translation, one per kind of span; `segments` decides their order."""

from __future__ import annotations

import re

EXTENSIONS = (
    "py|js|jsx|tsx?|java|kt|c|cc|cpp|h|hpp|cs|go|rs|rb|php|pl|swift|sh|bash|bat|ps1|sql|html?|css|scss|xml|json"
    "|jsonl|ya?ml|toml|ini|cfg|conf"
    "|env|lock|log|md|rst|txt|csv|tsv|xlsx?|docx?|pptx?|pdf|tex|bib|ipynb|png|jpe?g|gif|svg|bmp|mp[34]|wav|avi|mov"
    "|zip|tar|gz|tgz|rar|7z|exe"
    "|dll|so|jar|war|db|sqlite|parquet|pkl|npy|pt|bin|dat|bak|tmp|key|pem|crt|vue|gradle|dockerfile|gitignore"
)
BRANDS = frozenset(
    "node.js vue.js next.js nuxt.js react.js d3.js three.js express.js angular.js backbone.js ember.js chart.js "
    "p5.js moment.js asp.net "
    "vb.net macos watchos tvos ipados webos youtube linkedin github gitlab javascript typescript powerpoint "
    "wordpress facebook paypal "
    "whatsapp tiktok doordash macbook airpods playstation pytorch tensorflow openai chatgpt powerbi stackoverflow "
    "hubspot salesforce "
    "mastercard fedex spacex airbnb instagram snapchat quickbooks onedrive sharepoint photoshop indesign lightroom "
    "coffeescript "
    "actionscript postscript latex bibtex mysql postgresql mongodb nosql graphql graphdb devops mlops".split()
)
CODE_WORDS = re.compile(
    r"\b(?:python|java|javascript|typescript|sql|html|css|bash|shell|regex|json|xml|yaml|git|docker|linux|kubernetes"
    r"|api|c\+\+|code|coding"
    r"|program|programming|script|function|method|variable|class|compiler|exception|database|query|algorithm|command"
    r"|branch|terminal"
    r"|component|repository|framework|library|module|package)s?\b|```|파이썬|자바|코드|함수|변수|클래스|쿼리|명령|브랜치|스크립트|프로그램",
    re.I,
)
LISTING_ENVIRONMENTS = (
    "itemize|enumerate|description|quote|quotation|center|abstract|theorem|lemma|proof|definition|corollary"
    "|solution|flushleft|flushright"
)
HTML = frozenset(
    "a abbr article aside audio b blockquote body br button canvas caption center cite code col dd del details "
    "div dl dt em fieldset figure font footer form frame h1 h2 h3 h4 h5 h6 head header hr html i iframe img input "
    "ins kbd label legend li link main map mark meta nav noscript object ol option p param path picture pre "
    "progress q s script section select small source span strong style sub summary sup svg table tbody td "
    "template textarea tfoot th thead time title tr track u ul var video".split()
)

FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})[^\n`]*\n(?:.*?\n)??[ \t]*(?P=mark)[ \t\r]*$|^[ \t]*```[^\n`]*\n.*\Z",
    re.M | re.S,
)
INLINE_FENCE = re.compile(r"```[^`\n]+```")
INLINE = re.compile(r"(?<!`)(?P<t>`{1,2})(?!`)(?P<body>[^\n]+?)(?<!`)(?P=t)(?!`)")
HTML_CODE = re.compile(r"<(?P<name>code|pre|script|style|kbd|samp)\b[^<>]*>.*?</(?P=name)>", re.S | re.I)
HTML_COMMENT = re.compile(r"<!--.*?-->", re.S)
SQL_STATEMENT = re.compile(  # whole, up to its semicolon, with prose behind it on the line
    r"\b(?:SELECT\b[^;\n]{1,300}?\bFROM\b|INSERT INTO\b|UPDATE\b[^;\n]{1,80}?\bSET\b|DELETE FROM\b|DROP TABLE\b"
    r"|CREATE (?:TABLE|INDEX|VIEW)\b|ALTER TABLE\b)[^;\n가-힣]{1,400};"
)
DISPLAY = re.compile(
    r"\$\$.+?\$\$|\\\[(?![A-Z][A-Za-z.,]+(?: [A-Za-z0-9.,&]+)*\\\]"
    r"|[a-z]+-[a-z]+:\d+\\\]).+?\\\]|\\\((?![a-z]{2,}(?:[_-][a-z]{2,})*\\\)"
    r"|(?=[^\\]*[A-Za-z]{3})(?:[A-Za-z\d][\w'’-]*[,.:;]?[ ]){2,}[\w'’.-]+\\\)).+?\\\)",  # words in escaped brackets
    re.S,
)
ENVIRONMENT = re.compile(
    rf"\\begin\{{(?!(?:{LISTING_ENVIRONMENTS})\*?\}})(?P<env>[A-Za-z]+\*?)\}}.*?\\end\{{(?P=env)\}}", re.S
)
INLINE_MATH = re.compile(r"(?<![\\$\w])\$(?![\s$])(?P<body>(?:[^$\n\\]|\\.|\n(?!\n)){1,400}?)(?<![\s\\])\$(?![\d$])")
MATH_SIGN = re.compile(r"[\\^_=<>+*/(){}\[\]|≤≥≠×÷√∈-]")
COMMAND = re.compile(
    r"(?<![\\\w:])\\(?![nt][A-Z](?!ightarrow|eftarrow))[A-Za-z]+\*?(?:\[[^\]\n]*\])?(?:\{(?:[^{}\n가-힣]|\{[^{}\n]*\})*\})*|\\[\\,;!%&#_{}$]"
)
URL = re.compile(
    r"(?:https?|ftp)://(?:(?!\][(\[])[^\s<>\"'`가-힣ㄱ-ㅎ）】」])+|(?<![\w@.])www\.[\w-]+\.(?:(?!\][(\[])[^\s<>\"'`가-힣])+"
)
# The address of a Markdown link or image, with or without a scheme.
LINK = re.compile(
    r"\]\((?P<to>(?:[./#?]|[\w-]+[/.#])(?:[^\s()<>]|\([^\s()]*\))*|#(?:[^\s()]|\([^\s()]*\))+|https?://(?:[^\s()]|\([^\s()]*\))+)"
    r"(?=\s*(?:[\"'][^\n]*?[\"'])?\s*\))"
)
# [text][label] and, on a line of its own, [label]: where it leads
REFERENCE = re.compile(
    r"(?<=\])\[(?P<label>[a-z0-9]+(?:[._-][a-z0-9]+)+)\]"
    r"|^[ ]{0,3}(?P<name>\[[^\]\n]{1,200}\]):[ \t]*\n?[ \t]*(?P<to>[^\s<>가-힣]*[./#][^\s<>]*)[ \t]*$",
    re.M,
)
DOTTED_WORD = re.compile(r"\.(?<=[A-Za-z0-9].)(?=[A-Za-z])")
DOMAIN = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|gov|edu|ai|app|co\.kr|or\.kr|go\.kr|ac\.kr|kr|co\.uk|uk|de|jp)(?![A-Za-z0-9_-])(?:/[^\s<>\"'`가-힣]*)?",
    re.I,
)
EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
TAG = re.compile(r"<!--.*?-->|</?(?P<name>[A-Za-z][A-Za-z0-9-]*)(?P<rest>(?:\s[^<>\n]*)?)/?>", re.S)
# Attributes that a reader sees; their values are language.
TOLD = re.compile(
    r"\s(?:alt|title|titleText|aria-label|label|placeholder|caption|summary)=(?P<q>[\"'])(?P<said>(?:(?!(?P=q)).)*[^\W\d_](?:(?!(?P=q)).)*)(?P=q)",
    re.S | re.I,
)
ANCHOR = re.compile(r"[ \t]*(?:\[\[[\w.-]+\]\]|\[#[\w.-]+\]|\{#[\w.-]+\}|\{/\*[^*\n]{1,200}\*/\})(?=[ \t]*$)", re.M)
BOLD = re.compile(  # __so__, which is no blank to fill in
    r"(?<![A-Za-z0-9_])__(?=[A-Za-z0-9가-힣\"'“‘(\[`<*])(?:[^_\n]|_(?!_)){0,200}[^\s_]__(?!_)"
)
BLANK = re.compile(r"(?<![A-Za-z0-9_])_{2,}(?![A-Za-z0-9_])|(?<![.\w])\.{5,}")
BRACKET = re.compile(
    r"(?<!\\)\[(?!\s*[xX]?\s*\])(?P<body>[^\[\]\n]{1,60})\](?!\(|\s\(https?:|\[(?:\0+|\d{1,3}|[a-z0-9]+(?:[._-][a-z0-9]+)*)\])"
)
BRACE = re.compile(
    r"\{%-?[ \t][^{}%\n]{1,200}%\}"
    r"|\$\{[^{}\n]{1,60}\}|\{\{[^{}\n]{1,60}\}\}|(?<![\w\\])\{(?=[A-Za-z_])[^{}\n]{1,60}\}|%\([A-Za-z_]\w*\)[sdf]|(?<![\w%])%[sd](?![A-Za-z0-9])|(?<![\w$])\$[A-Z_]{2,}\d*(?![a-z])"
)
FILE = re.compile(
    rf"(?<![A-Za-z0-9_.@/-])(?:[\w~.-]+[/\\])*[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*\.(?:{EXTENSIONS})(?!_*[A-Za-z0-9])(?!\()(?:#[A-Za-z0-9_%-][\w%-]*)?"
)
PATH = re.compile(
    r"(?<![A-Za-z0-9_.<:/-])(?:~|\.{1,2})?(?:/[A-Za-z0-9_.+-]+){2,}/?(?:(?<=/)#[\w-]+)?|(?<![\w.])(?:~|\.{1,2})/[A-Za-z0-9_.-]+/?|(?<![A-Za-z])[A-Z]:\\[^\s\"'<>|가-힣]+"
)
CALL = re.compile(
    r"(?<![A-Za-z0-9_.])(?P<name>(?=[_$]*[A-Za-z])[A-Za-z_$][A-Za-z0-9_$]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\((?P<args>[^()\n가-힣]*(?:\([^()\n가-힣]*\)[^()\n가-힣]*)*)\)"
)
CALL_SIGN = re.compile(r"\((?<=[A-Za-z0-9_$].)")
METHOD = re.compile(r"\.(?<![A-Za-z0-9_)\]].)[A-Za-z_]\w*\([^()\n가-힣]*\)")
NOT_ARGUMENTS = re.compile(
    r"(?:s|es|ies|n|d|r|ed|ing|ly|optional|required|default|aka|not|if|or|and|\d+(?:\.\d+)*\.x|\d+\.\d+\.\d+|(?:except|without|including|only|with|from)\s.*|e\.g\..*|i\.e\..*)\Z",
    re.I,
)
DUNDER = (  # __name__ of a program; __other__ words are bold
    "init|main|name|str|repr|len|call|iter|next|a?enter|a?exit|(?:get|set|del)item|contains|eq|ne|lt|gt|le|ge|hash|bool"
    "|r?add|r?sub|r?mul|truediv|floordiv|mod|pow|and|or|xor|new|del|doc|file|dict|class|module|all|version|author|slots"
    "|import|future|(?:get|set|del)attr|getattribute|dir|format|bytes|abs|neg|pos|invert|round|index|int|float|complex"
    "|copy|deepcopy|reduce|annotations|builtins|path|package|spec|loader|qualname|bases|mro|subclasses|wrapped|pycache"
    "|typename|proto|missing|reversed|await|aiter|anext"
)
SNAKE = re.compile(
    rf"(?<![A-Za-z0-9_])(?:__(?:(?:{DUNDER})|[a-z]+_\w*)__|_?[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+_?)(?![A-Za-z0-9_])"
)
DOTTED = re.compile(r"(?<![A-Za-z0-9_.@])[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+(?![A-Za-z0-9_@])")
MODULES = re.compile(
    r"(?:np|pd|os|sys|re|plt|tf|torch|math|json|self|this|console|document|window|system|objects|arrays|string|random|datetime|df|sns|nn|cv2|http|fmt|requests|app|request|response)\.",
    re.I,
)
HUMP = re.compile(r"[A-Z](?<=[a-z0-9].)")
CAMEL = re.compile(
    r"(?<![A-Za-z0-9_'’])[a-z]{2,}[a-z0-9]*(?:[A-Z][a-z0-9]+)+[A-Z]?(?![A-Za-z0-9_])|(?<![A-Za-z0-9_'’])[a-z]{3,}[A-Z](?![A-Za-z0-9_])"
)
PASCAL = re.compile(r"(?<![A-Za-z0-9_'’])[A-Z][a-z]+[a-z0-9]*(?:[A-Z][a-z0-9]+)+(?![A-Za-z0-9_])")
KEBAB = re.compile(
    r"(?:branch|package|container|image|property|class|tag|repo|repository|service|bucket|called|named|브랜치|패키지)\s+(?:called\s+|named\s+)?[\"'`]?(?P<name>[a-z][a-z0-9]*(?:-[a-z0-9]+)+)(?![A-Za-z0-9_-])"
)
KEBAB_SIGN = re.compile(r"-(?<=[a-z0-9].)(?=[a-z0-9])")
FLAG = re.compile(r"(?<![^\s\"'(\[{,=|])--[A-Za-z][A-Za-z0-9-]*(?:=[^\s가-힣]+)?")
OPERATOR = re.compile(r"(?<![=!<>+*/&-])(?:===?|!==?|&&|\+=|-=|:=|=>|->)(?![=>&+-])")
# The letter first, then what may not stand around it: the engine skips from letter to letter.
VARIABLE = re.compile(r"[b-hj-z](?![A-Za-z0-9_'’./()@*:-])(?<![A-Za-z0-9_.'’\"“(/@#$%&*\d-].)(?<!\d .)")
SLANG = frozenset("u r n k b c w y v x".split())
HASHTAG = re.compile(r"(?<![A-Za-z0-9_&/#])#[A-Za-z가-힣_][\w]*|(?<![A-Za-z0-9_.])@[A-Za-z_]\w+")
EMPHASIS = re.compile(
    r"(?<![\\*\w])(?P<a>\*{1,3})(?=[^\s*])[^\n]*?[^\s*](?P=a)(?![*])|(?<![\\~])~~(?=\S)[^\n~]+~~|(?<=[가-힣\w])(?P<b>\*{2,3})(?=\S)[^\n*]+?(?<=\S)(?P=b)"
)
UNDERSCORE = re.compile(
    r"(?<![A-Za-z0-9_\\])_{1,2}(?=[A-Za-z가-힣])(?:[^_\n]{1,60}?(?<=\S)_{1,2}(?![A-Za-z0-9])|[A-Za-z가-힣'-]+)"
)
TABLE_RULE = re.compile(
    r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*$|^[ \t]*\|[ \t]*:?-{2,}:?[ \t]*\|[ \t]*$",
    re.M,
)
TABLE_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$|^[^|\n]+(?:\|[^|\n]+){2,}$", re.M)
STRUCTURE = re.compile(
    r"^[ \t]*(?:#{1,6}(?=[ \t]\S)|(?:>[ \t]?)+(?=\S)|[-*+•](?=[ \t]\S)|\d{1,3}[.)](?=[ \t]\S))(?:[ \t]+\[[ xX]\])?",
    re.M,
)
JSON_START = re.compile(r"[\[{](?=\s*(?:\"|\{|\[))")
JSON_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"")

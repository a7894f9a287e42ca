"""The table of raters: name -> module. A rater says how a record's rating is asked for or computed."""

RATERS = {
    "llm": "hunmin.raters.llm",
    "ifd": "hunmin.raters.ifd",
}

"""Prompt templates: how a conversation looks to a model. TEMPLATES maps a name to its definition in this folder."""

TEMPLATES = {
    "alpaca": "alpaca.json",
    "kullm": "kullm.json",
    "korae": "korae.jinja",
    "chatml": "chatml.jinja",
}

"""Judging model answers: questions, answers, criteria, verdicts, their statistics, and the judge's own measure."""

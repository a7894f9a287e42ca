"""What each benchmark of the suites is: source, licence, protocol, metric, shots, what was verified; one file each."""

from __future__ import annotations

from pathlib import Path

from ...artifacts.rows import Notes

FOLDER = Path(__file__).parent / "tasks"


def about(task: str) -> Notes:
    """Give a task's file; {} for a task of one's own or one that is in no suite. KoBEST's five have one together."""
    import yaml

    path = FOLDER / f"{'kobest' if task.startswith('kobest_') else task}.yaml"
    if not path.is_file():
        return {}
    found: Notes = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found

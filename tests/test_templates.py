from pathlib import Path

ROOT = Path(__file__).parent.parent
MAX_LINE = 120


def test_no_line_of_a_template_is_too_long_to_review():
    too_long = {
        f"{path.relative_to(ROOT)}:{number}"
        for package in ("sepahan_django", "example_project")
        for path in (ROOT / package).rglob("*.html")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > MAX_LINE
    }
    assert too_long == set()

from pathlib import Path

from trireme.lint.pages import pages

DOCS = Path(__file__).parents[2] / "docs" / "rules"


def test_the_docs_are_what_the_rules_say():
    """`make docs` writes them."""
    assert {path.name: path.read_text(encoding="utf-8") for path in DOCS.iterdir()} == pages()


def test_the_catalogue_lists_every_page():
    catalogue = pages()["README.md"]
    assert all(f"({name})" in catalogue for name in pages() if name != "README.md")

"""One rule a file; see trireme.lint.rule for what a file states. Adding a file adds the rule."""

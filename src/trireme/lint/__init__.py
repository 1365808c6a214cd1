"""An offline compiler for model repositories: what Triton will refuse, said before it starts.

repository   a repository as Triton finds it: folders, versions, what Triton completes by itself
text         config.pbtxt: parsed, and searched for the place of a field
releases     which release of Triton brought which field
pycode       what a model.py says without being run
rules/       one rule a file, found by its being there
run          applies the rules, members before the ensembles made of them
settings     [lint] tables: what a model's owner chose not to hear, and why
fix          mends what has one right answer
output       findings for people, JSON, SARIF and GitHub
"""

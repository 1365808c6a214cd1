"""An offline compiler for model repositories: what Triton will refuse, said before it starts.

repository   a repository as Triton finds it: folders and versions, read once
identity     what Triton completes by itself: backend, platform, file name
files        whatever lies at a path, without an exception
tokens, text config.pbtxt by the grammar of Triton's own parser, and the place of each field
releases     which release of Triton brought which field
pycode       what a model.py says without being run
planfile     what is recorded of a TensorRT plan
walk, flow   walks over a config, and over what flows through an ensemble
rule, rules/ one rule a file, found by its being there
finding      what a rule says, and the finding it becomes
run          applies the rules, members before the ensembles made of them
settings     [lint] tables: what a model's owner chose not to hear, and why
fix          mends what has one right answer
output       findings for people, JSON, SARIF and GitHub
command      the command line's words; pages: the rules' pages in the docs
"""

"""``metrics.test_accuracy > 0.9 and tags.team = 'x'`` -> clauses of a query. Pure: the time comes in as a value.

``parse.py`` knows the grammar, ``words.py`` what a word is, ``names.py`` what runs have (and what MLflow calls it),
``meaning.py`` which values each of it takes. docs/search.md describes it for people.
"""

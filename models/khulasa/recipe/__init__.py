"""The recipe that makes the bundled weights: base, data, training, silver pairs, choice of decoding defaults.

``python -m summarize.models.khulasa.train --help`` is its command.
"""

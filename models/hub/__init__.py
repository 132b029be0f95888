"""Models other than the bundled one: any encoder-decoder checkpoint of a hub or a folder.

``specs`` is the table of known models, ``files`` finds and downloads them, ``checkpoint`` loads what was found,
``families`` says how each architecture is asked for a language, ``engine`` and ``pipeline`` are the engines.
"""

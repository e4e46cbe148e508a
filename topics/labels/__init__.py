"""What people decided: the topics, the decisions about segments, and what training keeps of their text.

``taxonomy`` reads the topics; ``decisions`` and ``store`` hold and keep what people said; ``matching`` finds
the segment each decision speaks of; ``standoff`` and ``signatures`` keep counts in place of text that may not
be kept; ``importing`` makes label files from gold, with ``repeats`` to leave page furniture out; ``checks``
finds what cannot be used and ``counting`` how much there is. Import from those modules.
"""

"""The review app: a run and a label folder in, a local web page out on which people correct the run.

``sources`` and ``index`` make a run quick to look up, ``columns`` holds what is filtered and sorted by; ``ledger``
follows the label files; ``cutting`` and ``pieces`` lay boundary decisions over the run; ``desk`` is the state of a
review and everything that can be done to it; ``views`` filters and sorts, ``queue`` says what to label next;
``marking`` lays out text; ``server`` and ``guard`` are the web part. Decisions are in the label files and nowhere
else: the index can be deleted at any time.
"""

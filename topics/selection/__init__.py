"""What to label next, and when to stop: what a model makes of undecided segments in, an order of them out.

``candidates`` is what is known of the segments, ``usefulness`` says how much a decision on each would teach by itself,
``spreading`` keeps one batch from asking twenty times about one story, ``ordering`` puts these together and lets
near-duplicates stand together; ``stopping`` says whether more labels still help. Pure functions over arrays: nothing
here reads a file, knows a page or draws a random number.
"""

from topics.selection.candidates import Candidates, Record
from topics.selection.ordering import order_candidates

__all__ = ["Candidates", "Record", "order_candidates"]

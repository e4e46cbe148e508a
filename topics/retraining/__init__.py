"""Train again, say what got better and what got worse, and promote the new model unless it got worse.

``known`` finds out what the model in use learned from; ``judging`` has both judge labelled pieces that neither has
learned from, ``places`` the same for boundary decisions, ``held_out`` for dumps that are kept out of all training;
``paired`` compares, ``verdict`` holds what came of it and the rule, ``tables`` shows it; ``run`` is the whole.
"""

from topics.retraining.run import retrain
from topics.retraining.verdict import Verdict

__all__ = ["Verdict", "retrain"]

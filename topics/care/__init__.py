"""What a person who labels wants to know: which labels to look at again, and which topics need more of them.

``gather`` brings labels and their terms together; ``suspects``, ``drift`` and ``splitting`` look at single labels,
``agreement``, ``curve`` and ``gains`` at all of them. The figures come from models that have not seen what they judge.
"""

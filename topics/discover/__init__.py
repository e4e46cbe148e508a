"""What fits no topic, grouped: the unknown segments of a run in, groups that could be new topics out.

``unknowns`` picks the segments, ``grouping`` finds which belong together, ``naming`` says by which terms, ``finding``
puts the groups together, and ``accepting`` makes one of them a topic with its first labels. Import from those modules.
"""

"""A run in, one page of pictures out: what is in it, how sure the model was, and what to look at next.

``gather`` counts the rows in one pass, ``judged`` holds people's labels against them, ``evidence`` reads what the
model's card knows; ``charts`` draws with matplotlib through ``canvas``, ``sections`` says in words what each
picture shows, and ``page`` puts the page together. Import from those modules.
"""

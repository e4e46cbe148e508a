"""Segments in, predictions out: which topic a piece is about, and how sure the model is.

The model is TF-IDF and one linear layer. ``analyzer`` turns title and body into counted terms; everything
after it is arithmetic on those counts. Nothing imported here needs scikit-learn: fitting lives in
``classification.training``.
"""

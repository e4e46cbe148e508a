"""``topics labels …``: the group that its commands are added to."""

from __future__ import annotations

from topics.cli.app import new_app

__all__ = ["labels_app"]

labels_app = new_app("Look after the labels of a project.")

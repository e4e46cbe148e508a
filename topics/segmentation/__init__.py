"""Paragraphs to segments: where does a piece start, what is it, and what of it belongs to the page?"""

from topics.segmentation.model import SegmentationModel
from topics.segmentation.segmenter import segment_blocks, segment_dump, whole_dump

__all__ = ["SegmentationModel", "segment_blocks", "segment_dump", "whole_dump"]

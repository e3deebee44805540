"""Measurements: each number beside its anchor, in one run.

A module of this folder has `bench()`, which returns rows: (what, value, unit, anchor), the anchor a named peer or a
physical limit measured in the same run, in words. Values are medians.
"""

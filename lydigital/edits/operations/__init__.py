"""What editing does to geometry: pure functions on shapely shapes in map units, one noun a file.

None of them knows layers, files or the screen. :mod:`lydigital.edits.drafts` gives them shapes and makes change sets of
what they return.
"""

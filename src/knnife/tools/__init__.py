"""Questions that people ask of things in space: one file each, one public function each.

`knnife.NAME` loads the one that is asked for. Nothing is imported here: a tool need not wait for the others.
"""

"""The parts of `RowEncoder` (knnife/encoders/rows.py), which no other encoder uses."""

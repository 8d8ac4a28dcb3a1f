"""The parts of `outliers`: what is far from the rest, how sure that is, and why.

given (what came in, as points), axes (three layouts of the columns), samples (how far the nearest of a random few is),
scoring (one score of both), table (the columns), single_columns, relations and surprises (what is rare in them, in
pairs, and by what others make of one), lifting (its part in the score), reasons (the same in words), calibrating
(p-values, and which to look at), labels and regression (from a few labelled ones), explaining (the nearest normal
examples, the columns), detector (all of it, fitted once), detector_file.
"""

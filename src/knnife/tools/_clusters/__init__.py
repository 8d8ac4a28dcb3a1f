"""The parts of the tool `clusters`: the graph, communities in it, how many, how sure, and what they are called."""

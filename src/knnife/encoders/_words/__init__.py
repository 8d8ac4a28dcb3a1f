"""The parts of word vectors: training them, reading and writing their files, asking them."""

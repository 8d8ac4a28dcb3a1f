"""The parts of `faces`: finding and cutting out, who is known, how alike strangers are, naming, grouping."""

"""Statistics that several tools and encoders share. May import errors and geometry only.

ranks (p-values by counting, mean ranks, AUROC), tails (exponential, and of power laws), intervals (the bootstrap, of
shares, of Spearman's ρ), folds (stratified), regression (logistic), whitening (four kinds), kmeans (by FAISS).
"""

"""Texts and a mixed table in scikit-learn: what a column of texts adds to a model, and what is cleaned before."""

from __future__ import annotations

import sys

import knnife

try:
    import pandas as pd
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
except ImportError:
    sys.exit('this example needs scikit-learn and pandas: pip install "knnife[sklearn]" pandas')

TICKETS = pd.DataFrame(
    [
        ("my card was charged twice for one order", 48.0, "money"),
        ("My card was charged twice, for one order.", 48.0, "money"),
        ("please refund the second payment", 12.5, "money"),
        ("the invoice shows the wrong amount", 230.0, "money"),
        ("I was billed after I cancelled", 9.9, "money"),
        ("the app crashes when I open it", None, "software"),
        ("I cannot log in since the update", None, "software"),
        ("the page stays blank in my browser", 0.0, "software"),
        ("an error message appears when I save", None, "software"),
        ("the parcel never arrived", 64.0, "delivery"),
        ("when will my order be shipped", 18.0, "delivery"),
        ("the box came broken and half empty", 99.0, "delivery"),
        ("the courier left it with a neighbour", 27.0, "delivery"),
    ],
    columns=["text", "amount", "team"],
)


def main() -> None:
    copies = knnife.duplicates(TICKETS["text"].tolist(), threshold=0.9).removed
    clean = TICKETS.drop(index=copies)
    print(f"{len(copies)} copy dropped, {len(clean)} tickets left")

    model = make_pipeline(knnife.Embed(columns="text"), LogisticRegression())
    search = GridSearchCV(model, {"logisticregression__C": [1, 10, 100]}, cv=2)
    search.fit(clean[["text", "amount"]], clean["team"])
    new = pd.DataFrame({"text": ["nothing was delivered", "it shows an error"], "amount": [20.0, None]})
    print(search.best_params_, search.predict(new))

    rows = make_pipeline(knnife.EmbedRows(), knnife.NearestClassifier()).fit(clean.drop(columns="team"), clean["team"])
    print(rows.predict(new), rows.predict_proba(new).round(2).tolist())


if __name__ == "__main__":
    main()

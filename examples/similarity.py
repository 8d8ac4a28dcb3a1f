"""Which of these headings fits each message best? Compares every message with every heading."""

from __future__ import annotations

import knnife

MESSAGES = ["My card was charged twice", "The parcel has not arrived", "I cannot sign in any more"]
HEADINGS = ["payment and refunds", "delivery", "account and password"]


def main() -> None:
    result = knnife.similarity(MESSAGES, HEADINGS)
    for message, scores in zip(MESSAGES, result.scores, strict=True):  # scores: (3 messages, 3 headings)
        best = scores.argmax()
        print(f"{scores[best]:.2f}  {message} -> {HEADINGS[best]}")


if __name__ == "__main__":
    main()

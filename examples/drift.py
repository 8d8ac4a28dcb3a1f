"""Are today's questions still like those that a model was made for? A test of two samples, then a watch on a stream."""

from __future__ import annotations

import itertools

import knnife

OLD = ("how do I {} my password", "where can I {} my card", "please {} my account", "I want to {} a transfer")
NEW = ("the app will not {} on my phone", "my phone cannot {} the new app", "{} the app and it crashes")
WORDS = ("change", "block", "open", "cancel", "check", "stop", "find", "renew", "start", "move", "update", "close")


def questions(patterns: tuple[str, ...]) -> list[str]:
    return [pattern.format(word) for pattern, word in itertools.product(patterns, WORDS)]


def main() -> None:
    old, new = questions(OLD), questions(NEW)
    found = knnife.drift(old[::2], [*old[1::2], *new[:12]])
    print(found.summary())
    for reason in found.reasons:
        print("-", reason)

    monitor = knnife.DriftMonitor.of(old)
    for number in range(0, len(new), 4):
        look = monitor.add(new[number : number + 4])
        print(f"after {look.seen} newcomers: evidence {look.evidence:.3g}, {'alarm' if look.drifted else 'quiet'}")


if __name__ == "__main__":
    main()

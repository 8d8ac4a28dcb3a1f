"""Which payments are unlike all others, and why? Then new ones are judged, and a few known frauds teach the rest."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import knnife

CHANCE = random.Random(0)


def payment(number: int, *, fraud: bool = False) -> dict[str, object]:
    """One that looks like most others; a fraud is at night, and in round amounts."""
    amount = CHANCE.choice([100, 200, 300]) if fraud else round(CHANCE.lognormvariate(4, 0.6), 2)
    hour = CHANCE.randint(1, 4) if fraud else CHANCE.randint(8, 22)
    return {"id": f"P{number}", "amount": amount, "hour": hour, "country": CHANCE.choice(["FR", "FR", "DE"])}


def main() -> None:
    payments = [payment(i) for i in range(500)]
    payments[77]["amount"] = 25_000
    with tempfile.TemporaryDirectory() as folder:
        with knnife.Space.open(Path(folder) / "pay.knnife", knnife.RowEncoder.train(payments)) as pay:
            pay.add(payments)
            for row in knnife.outliers(pay).rows(3):
                why = ", ".join(f"{each['column']} {each['share']:.0%}" for each in row["columns"])
                print(f"{row['id']:>5}  p = {row['p_value']:.3g}  {why}; nearest normal: {', '.join(row['like'])}")
            knnife.Detector.fit(pay).save(Path(folder) / "pay.detector")
        detector = knnife.Detector.load(Path(folder) / "pay.detector")
        new = [payment(1000), payment(1001, fraud=True)]
        for one, score, p in zip(new, detector.score(new), detector.p_values(detector.score(new)), strict=True):
            print(f"{one['id']}  {one['amount']} at {one['hour']}  score {score:.1f}, p = {p:.3f}")


if __name__ == "__main__":
    main()

"""What will anna like? From what twelve people watched, and from the plots of the films.

`watched.csv` and `plots.csv` lie beside this file.
"""

from pathlib import Path

import knnife

HERE = Path(__file__).parent

with knnife.Space.open("taste.knnife") as space:
    space.add(knnife.read(HERE / "plots.csv", id="film", text="plot"))
    knnife.add_interactions(space, HERE / "watched.csv", item="film", rating="rating", time="day")
    knnife.train_recommender(space)

    print("anna:")
    for row in knnife.recommend(space, user="anna", k=3, because=True).rows():
        print(f"  {row['id']:<16}{row['because']}")
    print("somebody who likes Alien and not Up, from 1990 on:")
    for row in knnife.recommend(space, liked="Alien", disliked="Up", where="year >= 1990", k=3, because=True).rows():
        print(f"  {row['id']:<16}{row['because']}")
    print("anna and judy, together:", *knnife.recommend(space, group=["anna", "judy"], k=3).ids[0], sep="\n  ")
    print("like anna:", *knnife.similar_users(space, "anna", k=2).ids[0])

"""Because: what an answer rests on, in words and as ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from knnife.space import Space
from knnife.tools._recommend.asking import Asker, Member
from knnife.tools._recommend.catalogue import Catalogue
from knnife.tools._recommend.named_things import titles_of
from knnife.tools._recommend.scoring import Ground

MOST = 2  # things that are named for an answer
ENOUGH = 0.5  # of what the first adds: who adds less is not named


class Because(NamedTuple):
    """Why a thing is answered: a sentence, and the things chosen that speak most for it, the strongest first."""

    text: str
    chosen: Sequence[str]


class _Grounds(NamedTuple):
    """What speaks for a thing: whose choices, which of them, and whether by what was learned of many."""

    member: Member | None
    chosen: Sequence[str]
    learned: bool


def reasons_of(
    space: Space, known: Catalogue, asked: Sequence[Asker], answers: Sequence[Sequence[str]], grounds: Sequence[Ground]
) -> list[list[Because]]:
    """Why each of the things was answered, asker by asker."""
    found = [
        [_grounds(known, asker, id, ground) for id in ids]
        for asker, ids, ground in zip(asked, answers, grounds, strict=True)
    ]
    titles = titles_of(space, {id for each in found for one in each for id in one.chosen})
    return [
        [Because(_sentence(known, asker, id, one, titles), one.chosen) for id, one in zip(ids, each, strict=True)]
        for asker, ids, each in zip(asked, answers, found, strict=True)
    ]


def _grounds(known: Catalogue, asker: Asker, id: str, ground: Ground) -> _Grounds:
    if ground == "popularity" or any(id in member.chosen for member in asker.members):
        return _Grounds(None, (), learned=False)
    learned = ground != "content" and id in known.number_of
    spoken = [_shares(known, member, id, learned) for member in asker.members]
    strongest = max(range(len(spoken)), key=lambda row: sum(spoken[row].values()))
    shares = spoken[strongest]
    best = sorted((each for each in shares if shares[each] > 0), key=lambda each: -shares[each])[:MOST]
    named = tuple(each for each in best if shares[each] >= ENOUGH * shares[best[0]])
    return _Grounds(asker.members[strongest], named, learned)


def _shares(known: Catalogue, member: Member, id: str, learned: bool) -> dict[str, float]:
    """What each thing that a member chose adds to the score of a thing."""
    if learned:
        past = known.taste.history([*member.chosen], timed=member.timed)
        added = known.taste.because(past, known.number_of[id]).tolist()
        return dict(zip((each for each in member.chosen if each in known.number_of), added, strict=True))
    chosen = [each for each in member.chosen if each in known.place_of]
    places = [known.place_of[each] for each in chosen]
    return dict(zip(chosen, (known.points[places] @ known.points[known.place_of[id]]).tolist(), strict=True))


def _sentence(known: Catalogue, asker: Asker, id: str, found: _Grounds, titles: Mapping[str, str]) -> str:
    if any(id in member.chosen for member in asker.members):
        return "chosen before"
    if not found.chosen or found.member is None:
        count = known.chosen_by[known.place_of[id]]
        return (
            f"popular: {count:,} of {len(known.interactions.users):,} chose it" if count else "new: nobody chose it yet"
        )
    names = " and ".join(titles.get(each, each) for each in found.chosen)
    if not found.learned:
        return f"its {known.noun} is like {names}"
    first = found.chosen[0]
    who = "you" if len(asker.members) == 1 else found.member.name
    if found.member.name is not None and first not in asker.given:
        return f"{who} {_verb(found.member, first)} {names}"
    those, both = known.together(first, id)
    return f"{both:,} of {those:,} who chose {titles.get(first, first)} chose it" if both else f"you liked {names}"


def _verb(member: Member, id: str) -> str:
    """Whether a thing was liked: where choices are weighted, those that weigh no less than the member's mean are."""
    weights = list(member.chosen.values())
    liked = min(weights) < max(weights) and member.chosen[id] >= sum(weights) / len(weights)
    return "liked" if liked else "chose"

"""What several nodes say of the next block together: that tells a minority from a halt."""

from collections.abc import Mapping, Sequence

from node.consensus_words import Place, Verdict, Why, few
from node.words import said, series

Answers = Mapping[str, tuple[Place, Why] | None]


def compare(whys: Answers) -> str:
    """What the nodes say together, by name; None: it did not answer."""
    there = {name: found for name, found in whys.items() if found is not None}
    silent = [name for name, found in whys.items() if found is None]
    if not there:
        return said("no node answers")
    words = [said("no answer from {names}", names=few(silent))] if silent else []
    words += _cut_off(there)
    words += _too_few_vote(whys, there)
    words += _behind(there)
    return series(words)


def _cut_off(there: Mapping[str, tuple[Place, Why]]) -> Sequence[str]:
    alone = [name for name, (_, why) in there.items() if why.verdict is Verdict.NO_QUORUM]
    if not alone:
        return []
    if len(alone) == len(there):
        return [said("no node is in reach of a quorum: the chain stands still")]
    if len(alone) > 1:
        return [said("{names} are cut off; the others go on", names=few(alone))]
    return [said("{name} is cut off; the others go on", name=alone[0])]


def _too_few_vote(whys: Answers, there: Mapping[str, tuple[Place, Why]]) -> Sequence[str]:
    """Where all members were asked: whoever is away or keeps silent decides nothing."""
    place = next(iter(there.values()))[0]
    members = {member["name"] for member in place["members"]}
    if not members <= whys.keys():
        return []
    held = [name for name, (own, _) in there.items() if name in members and own["withheld"]]
    voting = len(members & there.keys()) - len(held)
    if not held or voting >= place["quorum"]:
        return []
    return [
        said(
            "{count} of the {quorum} members that decide can vote, {names} keeps silent:"
            " the chain stands still",
            count=voting,
            quorum=place["quorum"],
            names=few(held),
        )
    ]


def _behind(there: Mapping[str, tuple[Place, Why]]) -> Sequence[str]:
    heights = {name: int(place["decided"]["height"]) for name, (place, _) in there.items()}
    best = max(heights.values())
    behind = [
        said("{name} at {height}", name=name, height=height)
        for name, height in heights.items()
        if height < best - 1
    ]
    if not behind:
        return []
    return [said("the newest block is {height}; behind: {names}", height=best, names=few(behind))]

"""One scenario on stage: topology, capture, the two sides, traffic, and the judgement afterwards.

    side     one peer in its host, started when it is first needed
    lab      the topology with its NATs and relays, settings for both sides, marks
    proof    by what the sides prove themselves: the shared key, or certificates
    setting  the neutral configuration of both sides from the topology and what the scenario changes
    judge    from captures, keys and what happened to a Result and its artefacts
"""

from .lab import Flows, Lab
from .side import Side

__all__ = ["Flows", "Lab", "Side"]

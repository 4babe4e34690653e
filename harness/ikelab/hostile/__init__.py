"""Hostile peers: what nobody in his senses would send, most of it inside SK, and what may not follow from it.

A group of cases is a module of generators: from a seed and a number follows a case, from a case what is sent. The peer under
test survives it, or one of the rules is broken.

    case        generators, and the case of a number         context     messages that a change is made to
    mutate      changes to octets                            ground      what a case is played on
    oracle      what may not come of it                      play        a group against one peer
    memory      whether a daemon grows                       report      what came of a group, and what of it was known
    header chain proposals identity certificates order fragments selectors floods cookies esp      the groups
    options     pytest's side of `ikelab hostile`

docs/HOSTILE.md says what is held to be a failure, and how one is repeated.
"""

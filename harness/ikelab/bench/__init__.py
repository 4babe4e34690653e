"""Whether the core has become slower: instructions counted by valgrind, held against a baseline (docs/PERFORMANCE.md).

    counts.py      what is counted of a case
    callgrind.py   a profile as callgrind writes it
    measure.py     build/ikebench under callgrind, everything held still that could change a count
    baseline.py    ref/bench/baseline.toml
    judge.py       what has become worse, and what could not be compared
    commit.py      the same program of another commit
"""

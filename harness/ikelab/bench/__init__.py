"""Whether the core has become slower: instructions counted by valgrind, held against a baseline (docs/PERFORMANCE.md).

    counts.py      what is counted of a case
    callgrind.py   a profile as callgrind writes it
    measure.py     build/ikebench under callgrind, everything held still that could change a count
    baseline.py    ref/bench/baseline.toml
    judge.py       what has become worse, and what could not be compared
    commit.py      the same program of another commit

What time says, with builds or implementations side by side:

    tunnel.py      one TCP stream through two references; variant.py: of what build, with what settings
    handshake.py   handshakes with one responder after the other; way.py: by what method; load.py: build/ikeload
    effort.py      what a daemon costs the machine: processor time, memory, threads
    ratio.py       how much faster one is than the other
"""

"""Whether the core has become slower, how fast tunnels are, and beside whom (docs/PERFORMANCE.md).

The gate: instructions counted by valgrind, held against a baseline.
    counts.py      what is counted of a case
    callgrind.py   a profile as callgrind writes it
    measure.py     build/ikebench under callgrind, everything held still that could change a count
    baseline.py    ref/bench/baseline.toml
    judge.py       what has become worse, and what could not be compared
    commit.py      programs of another commit

What time says, with builds or implementations side by side:

    tunnel.py      one TCP stream through two references; variant.py: of what build, with what settings
    handshake.py   handshakes with one responder after the other; way.py: by what method; load.py: build/ikeload
    compare.py     two commits: handshakes in memory, a stream, round trips
    contest.py     tunnels of several makers, who are in contestants/; claim.py: what is said of them; summary.py: tables
    stream.py      TCP by iperf3; prober.py: round trips and loads; rate.py: how many packets a second without loss
    effort.py      what a daemon costs the machine: processor time, memory, threads; usage.py: wake-ups, system calls;
                   profile.py: in which functions
    ratio.py       how much faster one is than the other; decision.py: whether it keeps a bound

What all of them have measured so far:

    history.py     a file of JSON lines, each a run; figures.py: what of a run goes into it
    trend.py       where a series has changed, between which commits, and whose doing it is; changepoint.py: the method
"""

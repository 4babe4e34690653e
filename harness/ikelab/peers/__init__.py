"""Peers: the IKE implementations that scenarios are played with.

`neutral` is what they are configured from, `contract` what each adapter promises, `table` which peers
there are, `build` how their root directories come to be. docs/ADD_A_PEER.md says how to add one.
"""

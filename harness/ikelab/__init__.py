"""ikelab: a conformance and interop lab for IKEv2 and ESP."""

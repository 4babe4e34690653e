"""ikelab: a conformance and interop lab for IKEv2 and ESP."""

__version__ = "0.1.0"

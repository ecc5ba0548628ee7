"""The supervisor: owns the port, greets, logs in, routes, relays, and replaces workers that die. It knows no journal
and touches no disk.
"""

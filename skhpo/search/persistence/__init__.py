"""Stored searches: opening a study, its fingerprint, checkpoints, leases, and coordination."""

__all__: list[str] = []  # nothing here is public

"""Cases that nobody raised: the demo, on the real server with virtual time."""

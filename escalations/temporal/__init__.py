"""What this project asks of Temporal: a server to talk to, and how to talk to it."""

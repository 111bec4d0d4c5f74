"""Sample policies and directories, and the reader of a policy file. Every pack here is marked as a sample."""

"""Keeping the directory: what people change in it, what they load into it, and how it is shown to them."""

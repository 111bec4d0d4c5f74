"""How what people do comes in: stored first, then delivered to its case in order of receipt."""

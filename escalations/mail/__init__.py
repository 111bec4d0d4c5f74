"""Mail that leaves: what it says (``outgoing``) and how it leaves (``relay``)."""

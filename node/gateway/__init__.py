"""The capture gateway: who may capture by REST, with which key, and what became of it."""

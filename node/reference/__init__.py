"""Pages for readers, rendered from what the code says of itself: the API, the errors."""

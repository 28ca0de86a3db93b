"""Certificates: what accredited inspectors attest of products, lots and places."""

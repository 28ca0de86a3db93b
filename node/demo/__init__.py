"""The demo: four nodes agree on one real trade, told in plain words; each word can be checked."""

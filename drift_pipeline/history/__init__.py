"""History: the artifact store, and what can be asked of it: first seen, age, trend."""

"""Speed and memory, beside peers: `make bench` writes docs/performance.md."""

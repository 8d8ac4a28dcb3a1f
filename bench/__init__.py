"""Every claim of speed or quality, measured beside those it is compared with. `make bench` runs all of it."""

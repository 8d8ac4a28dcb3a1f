"""What `classify` is made of: a head over vectors, how sure it is, what it does not know, its file."""

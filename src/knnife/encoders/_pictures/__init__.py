"""What the encoders of pictures and faces share."""

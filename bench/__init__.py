"""`make bench`: what ratingd does in a second here, beside what this machine could do at most."""

"""`python -m ratingd` is `ratingd`."""

from ratingd.cli import main

if __name__ == "__main__":
    main(prog_name="ratingd")

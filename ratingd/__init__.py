"""ratingd: a real-time charging and fraud-trigger daemon for telephony. This room does everything that touches the world."""

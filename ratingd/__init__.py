"""ratingd: real-time charging and fraud triggers for telephony. This room does everything that touches the world."""

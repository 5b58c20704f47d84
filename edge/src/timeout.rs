//! The header `grpc-timeout`: how long the client is going to wait, as `100m` or `2S`.

use std::time::{Duration, Instant};

use http::HeaderMap;

const HEADER: &str = "grpc-timeout";
const DIGITS_MAX: usize = 8;

/// When the client stops waiting; `None` where it said nothing, or nothing that can be understood.
pub fn deadline(headers: &HeaderMap) -> Option<Instant> {
    let value = headers.get(HEADER)?.to_str().ok()?;
    Instant::now().checked_add(timeout(value)?)
}

fn timeout(value: &str) -> Option<Duration> {
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.len() > DIGITS_MAX || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_in_every_unit() {
        for (text, nanos) in [
            ("1H", 3_600_000_000_000),
            ("2M", 120_000_000_000),
            ("3S", 3_000_000_000),
            ("100m", 100_000_000),
            ("5u", 5_000),
            ("99999999n", 99_999_999),
        ] {
            assert_eq!(timeout(text), Some(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_no_timeout_is_none() {
        for text in ["", "S", "10", "10s", "123456789S", "-1S", "+1S", "1.5S", "ü"] {
            assert_eq!(timeout(text), None, "{text}");
        }
    }
}

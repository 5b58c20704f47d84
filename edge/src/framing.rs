//! gRPC's frames: five bytes before each message, whether it is compressed and how long it is.

use bytes::{BufMut, BytesMut};

/// The bytes before each message.
pub const HEAD: usize = 5;

/// Append a message and its head; a message too long for any head is left out.
pub fn frame(message: &[u8], into: &mut BytesMut) {
    if let Ok(length) = u32::try_from(message.len()) {
        into.put_u8(0);
        into.put_u32(length);
        into.put_slice(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_after_its_length() {
        let mut framed = BytesMut::new();
        frame(b"ab", &mut framed);
        frame(b"", &mut framed);
        assert_eq!(&framed[..], b"\0\0\0\0\x02ab\0\0\0\0\0");
    }
}

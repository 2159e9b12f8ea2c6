//! gzip and zstd: one file, packed.
//!
//! In: packed bytes. Out: what was packed, with its checksums tested. Both formats allow several packed pieces in a row,
//! which are one file.

use std::io::Read;

use flate2::bufread::GzDecoder;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Budget, Counted, Fail};

/// Unpacks a gzip file.
pub fn gzip(bytes: &[u8], budget: &Budget) -> Result<Vec<u8>, Fail> {
    // The last four bytes say the size, modulo 2³², of the last piece.
    let said = bytes.last_chunk().map_or(0, |size| u64::from(u32::from_le_bytes(*size)));
    let mut text = Vec::with_capacity(budget.room(said, bytes.len()));
    let mut rest = bytes;
    while !rest.is_empty() {
        // Tapes and some servers fill the last block with zeros.
        if rest.len() < bytes.len() && rest.iter().all(|b| *b == 0) {
            break;
        }
        if rest.len() < bytes.len() && !rest.starts_with(b"\x1f\x8b") {
            return Err(Fail::Broken(format!("{} bytes after its end are something else", rest.len())));
        }
        let mut decoder = GzDecoder::new(rest);
        Counted { inner: &mut decoder, budget }.read_to_end(&mut text)?;
        rest = decoder.into_inner();
    }
    Ok(text)
}

/// Unpacks a zstd file.
pub fn zstd(bytes: &[u8], budget: &Budget) -> Result<Vec<u8>, Fail> {
    // Decoded in steps of this size, so that the budget is looked at in time.
    const STEP: usize = 1 << 20;
    let mut text = Vec::new();
    let mut rest = bytes;
    let mut decoder = FrameDecoder::new();
    while !rest.is_empty() {
        if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, after @ ..] = rest {
            let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
            rest = after.get(length..).ok_or(Fail::Truncated)?;
            continue;
        }
        if !rest.starts_with(b"\x28\xb5\x2f\xfd") {
            return Err(match rest.len() {
                0..4 => Fail::Truncated,
                more => Fail::Broken(format!("{more} bytes after its end are something else")),
            });
        }
        decoder.reset(&mut rest).map_err(|error| broken(rest, &error))?;
        text.reserve(budget.room(decoder.content_size(), rest.len()));
        loop {
            let finished = decoder
                .decode_blocks(&mut rest, BlockDecodingStrategy::UptoBytes(STEP))
                .map_err(|error| broken(rest, &error))?;
            budget.spend(decoder.can_collect())?;
            decoder.collect_to_writer(&mut text)?;
            if finished {
                break;
            }
        }
        let said = decoder.get_checksum_from_data();
        if said.is_some() && said != decoder.get_calculated_checksum() {
            return Err(Fail::Broken("its checksum does not match".into()));
        }
    }
    Ok(text)
}

/// An error that left no bytes is taken for a missing end.
fn broken(rest: &[u8], error: &impl std::fmt::Display) -> Fail {
    if rest.is_empty() { Fail::Truncated } else { Fail::Broken(error.to_string()) }
}

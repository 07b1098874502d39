//! A URI as a QR code: a black-and-white PNG in a `data:` URI, made here and nowhere else (SEC-20).

use data_encoding::BASE64;
use qrcodegen::{QrCode, QrCodeEcc};
use thiserror::Error;
use zeroize::Zeroizing;

/// The light border that the QR standard asks for, in modules.
const QUIET: i32 = 4;
/// Pixels a module.
const SCALE: i32 = 4;

/// The text has more than 2953 bytes, the most that a QR code holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the text is too long for a QR code")]
pub struct TooLongForQr;

/// `text` as `data:image/png;base64,…`.
///
/// ```
/// use account_core::two_factor::qr_png_data_uri;
/// let image = qr_png_data_uri("otpauth://totp/Example:john%40example.com").unwrap();
/// assert!(image.starts_with("data:image/png;base64,iVBORw0KGgo"));
/// ```
///
/// # Errors
/// [`TooLongForQr`] if it does not fit.
pub fn qr_png_data_uri(text: &str) -> Result<Zeroizing<String>, TooLongForQr> {
    let code = QrCode::encode_binary(text.as_bytes(), QrCodeEcc::Medium)
        .or_else(|_| QrCode::encode_binary(text.as_bytes(), QrCodeEcc::Low))
        .map_err(|_| TooLongForQr)?;
    // Writing to memory fails only for images far larger than the largest QR code.
    let image = png(&code).map_err(|_| TooLongForQr)?;
    let base64 = Zeroizing::new(BASE64.encode(&image));
    Ok(Zeroizing::new(["data:image/png;base64,", &base64].concat()))
}

/// One bit a pixel, one is white.
fn png(code: &QrCode) -> Result<Zeroizing<Vec<u8>>, png::EncodingError> {
    let side = code.size().saturating_add(QUIET.saturating_mul(2)).saturating_mul(SCALE);
    let mut pixels = Zeroizing::new(Vec::new());
    for y in 0..side {
        for first in (0..side).step_by(8) {
            pixels.push(
                (first..first.saturating_add(8))
                    .fold(0u8, |byte, x| byte.wrapping_shl(1) | u8::from(x >= side || !is_dark(code, x, y))),
            );
        }
    }
    let mut image = Zeroizing::new(Vec::new());
    let side = u32::try_from(side).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(&mut *image, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(image)
}

fn is_dark(code: &QrCode, x: i32, y: i32) -> bool {
    let module = |pixel: i32| pixel.div_euclid(SCALE).saturating_sub(QUIET);
    // Outside of the code, all is light.
    code.get_module(module(x), module(y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::two_factor::{TotpSecret, otpauth_uri};
    use proptest::prelude::*;

    /// Reads the image back with an independent decoder.
    fn read(image: &str) -> String {
        let bytes = BASE64.decode(image.strip_prefix("data:image/png;base64,").unwrap().as_bytes()).unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let side = info.width as usize;
        let mut picture =
            rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| pixels[y * info.line_size + x]);
        let grids = picture.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    fn uri_of(account: &str) -> Zeroizing<String> {
        otpauth_uri("Example", account, &TotpSecret::from_bytes(&[0x3c; 20]).unwrap())
    }

    #[test]
    fn sec_20_a_decoder_reads_the_uri_back() {
        for length in [1, 5, 20, 40, 64, 100, 150, 191] {
            let uri = uri_of(&format!("{}@example.com", "m".repeat(length)));
            assert_eq!(read(&qr_png_data_uri(&uri).unwrap()), *uri);
        }
    }

    #[test]
    fn the_longest_address_of_the_widest_letters_still_fits() {
        let uri = uri_of(&"\u{1f511}".repeat(191));
        assert_eq!(read(&qr_png_data_uri(&uri).unwrap()), *uri);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(qr_png_data_uri(&"x".repeat(2954)), Err(TooLongForQr));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn sec_20_a_decoder_reads_hostile_addresses_back(account in "\\PC{0,60}@[a-z.:/&?%]{1,20}") {
            let uri = uri_of(&account);
            prop_assert_eq!(read(&qr_png_data_uri(&uri).unwrap()), uri.as_str());
        }
    }
}

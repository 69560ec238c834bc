//! QR codes of short addresses, drawn with half blocks.

use qrcode::{Color, EcLevel, QrCode};

/// Quiet zone around the code, in modules (ISO/IEC 18004 asks for four; phones read two, and more of
/// the codes fit a small screen).
const MARGIN: usize = 2;

/// The lines of a QR code; each character is one module wide and two high. The light modules are drawn:
/// on a dark terminal that is the usual picture. `None` when the text is too long for a code.
pub fn qr_lines(text: &str) -> Option<Vec<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let width = code.width();
    let modules = code.to_colors();
    let side = width + 2 * MARGIN;
    let light = |x: usize, y: usize| {
        let inside = (MARGIN..MARGIN + width).contains(&x) && (MARGIN..MARGIN + width).contains(&y);
        // Below the last line nothing is drawn.
        y < side && !(inside && modules[(y - MARGIN) * width + (x - MARGIN)] == Color::Dark)
    };
    let line = |y: usize| {
        (0..side)
            .map(|x| match (light(x, y), light(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            })
            .collect()
    };
    Some((0..side).step_by(2).map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_04_a_short_address_gives_a_square_with_a_quiet_zone() {
        let lines = qr_lines("https://gitlab.com/oauth/device").expect("short");
        let width = lines[0].chars().count();
        assert!(lines.iter().all(|line| line.chars().count() == width));
        assert_eq!(lines.len(), width.div_ceil(2));
        assert!(
            lines[0].chars().all(|c| c == '█'),
            "the quiet zone is light"
        );
        // The finder pattern of the upper left corner: seven dark modules in a row.
        assert!(lines[1].starts_with("██ ▄▄▄▄▄ █"), "{}", lines[1]);
        assert!(lines.last().expect("some").chars().all(|c| c == '▀'));
    }

    #[test]
    fn k_04_a_text_that_does_not_fit_gives_none() {
        assert!(qr_lines(&"x".repeat(5000)).is_none());
    }
}

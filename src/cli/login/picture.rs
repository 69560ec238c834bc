//! The code's page as a picture for a phone, where somebody asks for it.

use crate::host::qr_lines;

/// White on black whatever the terminal's own colours are: inverted, some phones cannot read it.
const PAINT: &str = "\x1b[38;5;231;48;5;16m";
const PLAIN: &str = "\x1b[0m";

/// The lines to print, for a terminal that is so wide; a sentence where there can be no picture.
pub(super) fn picture(address: &str, columns: Option<u16>) -> String {
    let Some(columns) = columns else {
        return "A picture needs a terminal to be drawn on.".to_owned();
    };
    let lines = qr_lines(address).unwrap_or_default();
    let wide = lines.first().map_or(0, |line| line.chars().count());
    if wide == 0 || wide > usize::from(columns) {
        return "The address does not fit this terminal as a picture.".to_owned();
    }
    let painted: Vec<String> = lines
        .iter()
        .map(|line| format!("{PAINT}{line}{PLAIN}"))
        .collect();
    painted.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_04_a_picture_is_drawn_only_where_it_fits() {
        let page = "https://gitlab.com/oauth/device?user_code=WDJB-MJHT";
        let drawn = picture(page, Some(80));
        let wide = qr_lines(page).expect("short")[0].chars().count();
        assert_eq!(drawn.lines().count(), wide.div_ceil(2));
        for line in drawn.lines() {
            assert!(line.starts_with(PAINT) && line.ends_with(PLAIN), "{line}");
        }
        let just = u16::try_from(wide).expect("small");
        assert_eq!(picture(page, Some(just)), drawn);
        for narrow in [Some(just - 1), Some(0), None] {
            assert!(!picture(page, narrow).contains('█'), "{narrow:?}");
        }
        assert!(!picture(&"x".repeat(5000), Some(80)).contains('█'));
    }
}

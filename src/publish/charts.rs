//! Numbers for the inline SVG charts; the shapes are in the templates.

use serde::Serialize;

/// One stretch of a stacked bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// Style class and key.
    pub key: String,
    /// What it stands for.
    pub label: String,
    /// How many.
    pub count: usize,
    /// The count with separators.
    pub count_text: String,
    /// Share of the whole, such as `42 %`.
    pub share: String,
    /// Left edge in thousandths of the width.
    pub x: usize,
    /// Width in thousandths.
    pub width: usize,
}

/// A bar of parts that fills exactly 1,000 units; parts of zero are kept with width 0 so that
/// tables beside the bar can name them.
pub fn stacked(parts: &[(String, String, usize)]) -> Vec<Stretch> {
    let total: usize = parts.iter().map(|(_, _, count)| count).sum();
    let mut before = 0;
    parts
        .iter()
        .map(|(key, label, count)| {
            let x = scale(before, total);
            before += count;
            let end = scale(before, total);
            Stretch {
                key: key.clone(),
                label: label.clone(),
                count: *count,
                count_text: super::text::thousands(*count),
                share: share(*count, total),
                x,
                width: end - x,
            }
        })
        .collect()
}

/// `part / whole` in thousandths.
fn scale(part: usize, whole: usize) -> usize {
    (part * 1000).checked_div(whole).unwrap_or(0)
}

/// A share in words: `0 %`, `under 1 %`, `42 %`, `over 99 %`, `100 %`.
pub fn share(part: usize, whole: usize) -> String {
    if part == 0 || whole == 0 {
        return "0 %".to_owned();
    }
    if part == whole {
        return "100 %".to_owned();
    }
    let percent = (part * 200 + whole) / (2 * whole);
    match percent {
        0 => "under 1 %".to_owned(),
        100.. => "over 99 %".to_owned(),
        _ => format!("{percent} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_filled_exactly() {
        let parts: Vec<_> = [1, 0, 1, 1]
            .iter()
            .map(|n| (String::new(), String::new(), *n))
            .collect();
        let bar = stacked(&parts);
        assert_eq!(bar.iter().map(|s| s.width).sum::<usize>(), 1000);
        assert_eq!(bar[1].width, 0);
        assert!(stacked(&[]).is_empty());
    }

    #[test]
    fn shares_never_round_to_a_lie() {
        assert_eq!(share(1, 1000), "under 1 %");
        assert_eq!(share(999, 1000), "over 99 %");
        assert_eq!(share(0, 0), "0 %");
        assert_eq!(share(21, 50), "42 %");
    }
}

//! Shades of a colour that can be read on the page, light or dark (WCAG 2.2, 1.4.3: a contrast of 4.5 or more).

/// Red, green and blue.
pub(super) type Shade = (u8, u8, u8);

/// The box of an output, as the style sheet has it.
const LIGHT_BOX: Shade = (0xf5, 0xf5, 0xf2);
const DARK_BOX: Shade = (0x10, 0x12, 0x14);
const ENOUGH: f64 = 4.5;

/// The colour as it can be read on the light page and on the dark one: darker there, lighter here, where it has to be.
pub(super) fn on_page(shade: Shade) -> (Shade, Shade) {
    (towards(shade, 0, LIGHT_BOX), towards(shade, 255, DARK_BOX))
}

/// Black or white, whichever is read better on this colour.
pub(super) fn on(behind: Shade) -> Shade {
    let (black, white) = ((0, 0, 0), (255, 255, 255));
    if contrast(black, behind) >= contrast(white, behind) { black } else { white }
}

/// One of the sixteen, about as xterm has it, for where its background is not the page's.
pub(super) fn named(number: u8) -> Shade {
    let (weak, strong) = if number < 8 { (0, 205) } else { (92, 255) };
    let part = |bit: u8| if number & bit == 0 { weak } else { strong };
    match number {
        0 => (0, 0, 0),
        7 => (229, 229, 229),
        8 => (127, 127, 127),
        _ => (part(1), part(2), part(4)),
    }
}

fn towards(shade: Shade, end: u8, behind: Shade) -> Shade {
    const STEPS: u16 = 16;
    let mix = |step: u16| {
        let part = |from: u8| {
            let mixed = (u16::from(from) * (STEPS - step) + u16::from(end) * step) / STEPS;
            u8::try_from(mixed).unwrap_or(end)
        };
        (part(shade.0), part(shade.1), part(shade.2))
    };
    (0..STEPS).map(mix).find(|mixed| contrast(*mixed, behind) >= ENOUGH).unwrap_or((end, end, end))
}

fn contrast(one: Shade, other: Shade) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance((red, green, blue): Shade) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_can_be_read_on_both_pages() {
        for number in 0..=0xfff_u16 {
            let part = |shift: u16| u8::try_from(number >> shift & 0xf).unwrap() * 17;
            let shade = (part(8), part(4), part(0));
            let (light, dark) = on_page(shade);
            assert!(contrast(light, LIGHT_BOX) >= ENOUGH, "{shade:?} {light:?}");
            assert!(contrast(dark, DARK_BOX) >= ENOUGH, "{shade:?} {dark:?}");
            assert!(contrast(on(shade), shade) >= ENOUGH, "{shade:?}");
        }
        assert_eq!(on_page((0xb0, 0, 0)).0, (0xb0, 0, 0), "what can be read stays as it is");
    }
}

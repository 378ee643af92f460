//! Pictures: PNG and JPEG read, PNG written.

use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::imageops::FilterType;
use image::{
    DynamicImage, ExtendedColorType, ImageEncoder, ImageError, ImageFormat, ImageReader, Limits,
    Rgba32FImage,
};

use super::{FormatError, Kind, looks_like, raw};
use crate::tensor::{Layout, Tensor};

/// The most pixels on a side of a picture.
pub const MAX_SIDE: u64 = 32_768;

/// The most pixels of a picture, as many as 8,192 × 8,192 has.
pub const MAX_PIXELS: u64 = 1 << 26;

/// The most bytes of a decoded pixel: four channels of 16 bits.
const PIXEL: u64 = 8;

/// The most memory that a picture's other parts, such as its colour profile, may take, in bytes.
const OTHER_PARTS: u64 = 16 << 20;

/// How much of each channel goes into luma (ITU-R BT.601), for red, green and blue.
const LUMA: [f64; 3] = [0.299, 0.587, 0.114];

/// A decoded picture: grey or colour, 8 or 16 bits a channel, with or without alpha.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture(DynamicImage);

impl Picture {
    /// Pixels from top to bottom.
    pub fn height(&self) -> usize {
        self.0.height() as usize
    }

    /// Pixels from left to right.
    pub fn width(&self) -> usize {
        self.0.width() as usize
    }

    /// Channels as the file has them, alpha counted: 1 to 4.
    pub fn channels(&self) -> usize {
        usize::from(self.0.color().channel_count())
    }
}

/// Decodes a PNG or JPEG picture, whichever the first bytes show. Palettes are resolved. The
/// orientation that a camera notes (EXIF) is not applied, and neither are gamma and colour
/// profiles: the values are those of the file.
///
/// # Errors
///
/// On another format, on a picture that is cut off or damaged, and beyond [`MAX_SIDE`] and
/// [`MAX_PIXELS`], which are checked before the pixels are decoded.
pub fn decode(bytes: &[u8]) -> Result<Picture, FormatError> {
    let (kind, format, complete) = match Kind::from_magic(bytes) {
        Some(Kind::Jpeg) => (Kind::Jpeg, ImageFormat::Jpeg, jpeg_is_complete(bytes)),
        Some(Kind::Png) => (Kind::Png, ImageFormat::Png, png_is_complete(bytes)),
        _ => {
            return Err(FormatError::WrongFormat {
                expected: "a PNG or JPEG picture",
                found: looks_like(bytes),
            });
        }
    };
    let damaged = |reason: String| FormatError::Damaged { kind, reason };
    let failed = |error| match error {
        ImageError::Limits(_) => damaged("it claims more than memory can hold".into()),
        error => damaged(error.to_string()),
    };
    let reader = |max_alloc| {
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(max_alloc);
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        reader.limits(limits);
        reader
    };
    let (width, height) = reader(OTHER_PARTS).into_dimensions().map_err(failed)?;
    let (width, height) = (u64::from(width), u64::from(height));
    check_size(width, height)?;
    // The decoder fills in what is missing at the end of a JPEG, with grey.
    if !complete {
        return Err(damaged("it ends before the picture does".into()));
    }
    let reader = reader(width * height * PIXEL + OTHER_PARTS);
    reader.decode().map(Picture).map_err(failed)
}

fn check_size(width: u64, height: u64) -> Result<(), FormatError> {
    let fits = width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_PIXELS;
    if fits {
        Ok(())
    } else {
        Err(FormatError::PictureTooLarge { width, height })
    }
}

/// Whether the chunks of a PNG reach the one that ends it.
fn png_is_complete(bytes: &[u8]) -> bool {
    // A chunk is its length, a name of four bytes, the contents, and a checksum of four bytes.
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some((length, chunk)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some((chunk, after)) = chunk.split_at_checked(length.saturating_add(8)) else {
            return false;
        };
        if chunk.starts_with(b"IEND") {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether the segments of a JPEG reach the marker that ends it. The bytes of that marker may
/// also stand in a segment (a preview has one), so that a search for them is not enough.
fn jpeg_is_complete(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        // Between segments there may be filling, and after a scan's header its compressed data,
        // in which 0xff is followed by 0 or a restart marker.
        let rest = bytes.get(at..).unwrap_or_default();
        let marker = rest
            .windows(2)
            .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7 | 0xff));
        let Some(offset) = marker else {
            return false;
        };
        at += offset + 2;
        match (rest[offset + 1], bytes.get(at..at + 2)) {
            (0xd9, _) => return true,
            (_, Some(&[high, low])) => at += usize::from(u16::from_be_bytes([high, low])),
            (_, _) => return false,
        }
    }
}

/// The picture scaled to `height` × `width` pixels, whatever its proportions: bilinear, widened
/// to all the pixels that a new one covers when it shrinks (the triangle filter, as Pillow's
/// `BILINEAR`). Channels keep their bits; colour is weighted by alpha where there is alpha.
///
/// # Errors
///
/// On a size of 0 and one beyond [`MAX_SIDE`] or [`MAX_PIXELS`].
pub fn resize(picture: &Picture, height: usize, width: usize) -> Result<Picture, FormatError> {
    if height == 0 || width == 0 {
        return Err(FormatError::NotAPicture {
            shape: vec![height, width],
            reason: "there is no pixel",
        });
    }
    let (height, width) = (height as u64, width as u64);
    check_size(width, height)?;
    // Scaling goes by way of the new height at the old width.
    check_size(picture.width() as u64, height)?;
    let (width, height) = (width as u32, height as u32);
    let filter = FilterType::Triangle;
    let color = picture.0.color();
    if !color.has_alpha() {
        return Ok(Picture(picture.0.resize_exact(width, height, filter)));
    }
    let mut pixels: Rgba32FImage = picture.0.to_rgba32f();
    for pixel in pixels.pixels_mut() {
        let [r, g, b, a] = pixel.0;
        pixel.0 = [r * a, g * a, b * a, a];
    }
    let mut pixels = image::imageops::resize(&pixels, width, height, filter);
    for pixel in pixels.pixels_mut() {
        let [r, g, b, a] = pixel.0;
        if a > 0.0 {
            pixel.0 = [r / a, g / a, b / a, a];
        }
    }
    let scaled = DynamicImage::ImageRgba32F(pixels);
    Ok(Picture(if color.bytes_per_pixel() > 4 {
        scaled.into_rgba16().into()
    } else {
        scaled.into_rgba8().into()
    }))
}

/// The picture as a batch of one, `[1, H, W, C]` or `[1, C, H, W]`, of values from 0 to 255; the
/// 16 bits of a deeper picture are divided by 257.
///
/// `channels` is 1 for luma (0.299 red + 0.587 green + 0.114 blue, ITU-R BT.601, not rounded),
/// 3 for red, green and blue, or 4 for these and alpha, which is 255 where the file has none.
/// For 1 and 3, alpha is laid over white.
///
/// # Errors
///
/// On another number of channels, and where there is no memory for the tensor.
pub fn to_tensor(
    picture: &Picture,
    channels: usize,
    layout: Layout,
) -> Result<Tensor, FormatError> {
    let (height, width) = (picture.height(), picture.width());
    let shape = match layout {
        Layout::ChannelsFirst => [1, channels, height, width],
        Layout::ChannelsLast => [1, height, width, channels],
    };
    if !matches!(channels, 1 | 3 | 4) {
        return Err(FormatError::NotAPicture {
            shape: shape.to_vec(),
            reason: "a picture is read as 1 (luma), 3 (RGB) or 4 (RGBA) channels",
        });
    }
    // The size was checked when the picture was made.
    let mut elements: Vec<f32> = raw::reserve(height * width * channels)?;
    match layout {
        Layout::ChannelsLast => {
            for_each_pixel(picture, |pixel| {
                let channel = |i| channel(pixel, channels, i);
                elements.extend((0..channels).map(channel));
            });
        }
        Layout::ChannelsFirst => {
            for i in 0..channels {
                for_each_pixel(picture, |pixel| elements.push(channel(pixel, channels, i)));
            }
        }
    }
    Ok(Tensor::from_f32(&shape, elements).expect("there are as many elements as pixels' channels"))
}

/// Channel `i` of `channels` of a pixel of red, green, blue and alpha, from 0 to 255.
fn channel(pixel: [f64; 4], channels: usize, i: usize) -> f32 {
    if channels == 4 {
        return pixel[i] as f32;
    }
    let alpha = pixel[3] / 255.0;
    let over_white = |value: f64| value * alpha + 255.0 * (1.0 - alpha);
    let value = match channels {
        1 => {
            let parts = LUMA.iter().zip(pixel);
            over_white(parts.map(|(weight, value)| weight * value).sum())
        }
        _ => over_white(pixel[i]),
    };
    value as f32
}

/// Calls `each` with the red, green, blue and alpha, from 0 to 255, of every pixel, row by row.
fn for_each_pixel(picture: &Picture, mut each: impl FnMut([f64; 4])) {
    /// The four channels of a pixel of one to four, whose full value is `max`.
    fn widen<T: Copy + Into<f64>>(values: &[T], max: f64) -> [f64; 4] {
        let scaled = |i: usize| values[i].into() * 255.0 / max;
        match values.len() {
            1 => [scaled(0), scaled(0), scaled(0), 255.0],
            2 => [scaled(0), scaled(0), scaled(0), scaled(1)],
            3 => [scaled(0), scaled(1), scaled(2), 255.0],
            _ => [scaled(0), scaled(1), scaled(2), scaled(3)],
        }
    }
    let channels = picture.channels();
    if let Some(values) = picture.0.as_flat_samples_u8() {
        let pixels = values.samples.chunks_exact(channels);
        pixels.for_each(|pixel| each(widen(pixel, 255.0)));
    } else if let Some(values) = picture.0.as_flat_samples_u16() {
        let pixels = values.samples.chunks_exact(channels);
        pixels.for_each(|pixel| each(widen(pixel, 65535.0)));
    } else {
        let values = picture.0.to_rgba32f();
        values.pixels().for_each(|pixel| each(widen(&pixel.0, 1.0)));
    }
}

/// Writes a tensor as a PNG of 8 bits a channel. Values are clamped to 0–255 and rounded to
/// nearest; NaN becomes 0.
///
/// The shape is `[H, W]`; `[H, W, C]` or, channels first, `[C, H, W]`; or one of these with a
/// batch of 1 in front. C is 1 (grey), 3 (RGB) or 4 (RGBA). What fits as `[…, C]` is not taken
/// for `[1, H, W]`.
///
/// # Errors
///
/// On another shape, and beyond [`MAX_SIDE`] and [`MAX_PIXELS`].
pub fn encode_png(tensor: &Tensor, layout: Layout) -> Result<Vec<u8>, FormatError> {
    let (height, width, channels) = picture_shape(tensor.shape(), layout)?;
    let colors = match channels {
        1 => ExtendedColorType::L8,
        3 => ExtendedColorType::Rgb8,
        _ => ExtendedColorType::Rgba8,
    };
    check_size(width as u64, height as u64)?;
    let values: Vec<u8> = match tensor {
        Tensor::F32(array) => array.iter().map(|&v| v.round() as u8).collect(),
        Tensor::I64(array) => array.iter().map(|&v| v.clamp(0, 255) as u8).collect(),
    };
    let pixels = match layout {
        Layout::ChannelsLast => values,
        Layout::ChannelsFirst => {
            let plane = height * width;
            let pixel = |at| (0..channels).map(move |channel| channel * plane + at);
            (0..plane).flat_map(pixel).map(|i| values[i]).collect()
        }
    };
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(&pixels, width as u32, height as u32, colors)
        .map_err(|error| FormatError::Damaged {
            kind: Kind::Png,
            reason: error.to_string(),
        })?;
    Ok(bytes)
}

/// The height, width and channels of the picture that a tensor of `shape` is.
fn picture_shape(shape: &[usize], layout: Layout) -> Result<(usize, usize, usize), FormatError> {
    let wrong = |reason| FormatError::NotAPicture {
        shape: shape.to_vec(),
        reason,
    };
    let split = |sizes: [usize; 3]| {
        let (height, width, channels) = match (layout, sizes) {
            (Layout::ChannelsFirst, [channels, height, width]) => (height, width, channels),
            (Layout::ChannelsLast, [height, width, channels]) => (height, width, channels),
        };
        matches!(channels, 1 | 3 | 4).then_some((height, width, channels))
    };
    let found = match *shape {
        [height, width] => Some((height, width, 1)),
        [a, b, c] => split([a, b, c]).or_else(|| (a == 1).then_some((b, c, 1))),
        [1, a, b, c] => split([a, b, c]),
        [_, _, _, _] => return Err(wrong("it is a batch, and a file holds one picture")),
        _ => return Err(wrong("a picture has two to four axes")),
    };
    match found {
        Some((height, width, _)) if height == 0 || width == 0 => Err(wrong("there is no pixel")),
        Some(found) => Ok(found),
        None => Err(wrong("a picture has 1, 3 or 4 channels")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(image: impl Into<DynamicImage>) -> Picture {
        Picture(image.into())
    }

    fn values(picture: &Picture, channels: usize, layout: Layout) -> Vec<f32> {
        let tensor = to_tensor(picture, channels, layout).unwrap();
        tensor.as_f32().unwrap().to_vec()
    }

    fn rgba(pixels: &[[u8; 4]]) -> Picture {
        let flat = pixels.concat();
        picture(image::RgbaImage::from_raw(pixels.len() as u32, 1, flat).unwrap())
    }

    #[test]
    fn lays_alpha_over_white() {
        let dots = rgba(&[[255, 0, 0, 255], [9, 9, 9, 0], [0, 0, 0, 51]]);
        use Layout::{ChannelsFirst, ChannelsLast};
        assert_eq!(
            values(&dots, 3, ChannelsLast),
            [255.0, 0.0, 0.0, 255.0, 255.0, 255.0, 204.0, 204.0, 204.0]
        );
        assert_eq!(values(&dots, 1, ChannelsLast), [76.245, 255.0, 204.0]);
        assert_eq!(
            values(&dots, 4, ChannelsFirst),
            [
                255.0, 9.0, 0.0, 0.0, 9.0, 0.0, 0.0, 9.0, 0.0, 255.0, 0.0, 51.0
            ]
        );
        let tensor = to_tensor(&dots, 3, ChannelsFirst).unwrap();
        assert_eq!(tensor.shape(), [1, 3, 1, 3]);
        assert!(matches!(
            to_tensor(&dots, 2, ChannelsFirst),
            Err(FormatError::NotAPicture { .. })
        ));
    }

    #[test]
    fn keeps_every_grey_and_scales_16_bits() {
        let greys = image::GrayImage::from_raw(256, 1, (0..=255).collect()).unwrap();
        let expected: Vec<f32> = (0..=255).map(|v| v as f32).collect();
        assert_eq!(
            values(&picture(greys.clone()), 1, Layout::default()),
            expected
        );
        let as_rgb = picture(DynamicImage::from(greys).to_rgb8());
        assert_eq!(values(&as_rgb, 1, Layout::default()), expected);

        let deep = vec![0u16, 257, 65535, 128];
        let deep = image::ImageBuffer::from_raw(4, 1, deep).unwrap();
        let deep = picture(DynamicImage::ImageLuma16(deep));
        assert_eq!(
            values(&deep, 1, Layout::default()),
            [0.0, 1.0, 255.0, 128.0 / 257.0]
        );
    }

    #[test]
    fn png_round_trips_in_each_shape() {
        use Layout::{ChannelsFirst, ChannelsLast};
        let cases: [(&[usize], Layout, usize); 11] = [
            (&[2, 3], ChannelsLast, 1),
            (&[2, 3], ChannelsFirst, 1),
            (&[1, 2, 3], ChannelsFirst, 1),
            (&[1, 2, 7], ChannelsLast, 1),
            (&[2, 3, 1], ChannelsLast, 1),
            (&[2, 3, 3], ChannelsLast, 3),
            (&[2, 3, 4], ChannelsLast, 4),
            (&[3, 2, 5], ChannelsFirst, 3),
            (&[1, 2, 3, 4], ChannelsLast, 4),
            (&[1, 4, 2, 3], ChannelsFirst, 4),
            (&[1, 3, 3, 3], ChannelsFirst, 3),
        ];
        for (shape, layout, channels) in cases {
            let count: usize = shape.iter().product();
            let elements: Vec<f32> = (0..count).map(|i| (i * 3) as f32).collect();
            let tensor = Tensor::from_f32(shape, elements.clone()).unwrap();
            let read = decode(&encode_png(&tensor, layout).unwrap()).unwrap();
            assert_eq!(read.channels(), channels, "{shape:?}");
            assert_eq!(values(&read, channels, layout), elements, "{shape:?}");
        }
    }

    #[test]
    fn png_clamps_and_rounds() {
        let wild = vec![-1.0, 0.5, 254.6, 300.0, f32::NAN, f32::INFINITY];
        let tensor = Tensor::from_f32(&[1, 6], wild).unwrap();
        let read = decode(&encode_png(&tensor, Layout::default()).unwrap()).unwrap();
        assert_eq!(
            values(&read, 1, Layout::default()),
            [0.0, 1.0, 255.0, 255.0, 0.0, 255.0]
        );
        let tensor = Tensor::from_i64(&[1, 3], vec![i64::MIN, 7, i64::MAX]).unwrap();
        let read = decode(&encode_png(&tensor, Layout::default()).unwrap()).unwrap();
        assert_eq!(values(&read, 1, Layout::default()), [0.0, 7.0, 255.0]);
    }

    #[test]
    fn refuses_shapes_that_are_no_picture() {
        let shapes: [&[usize]; 8] = [
            &[],
            &[3],
            &[2, 2, 2],
            &[2, 4, 4, 3],
            &[1, 4, 4, 2],
            &[0, 4],
            &[1, 1, 1, 1, 1],
            &[1, 40_000],
        ];
        for shape in shapes {
            let count = shape.iter().product();
            let tensor = Tensor::from_f32(shape, vec![0.0; count]).unwrap();
            assert!(encode_png(&tensor, Layout::default()).is_err(), "{shape:?}");
        }
    }

    #[test]
    fn resizes_with_the_triangle_filter() {
        let halves = image::GrayImage::from_raw(4, 1, vec![0, 0, 200, 200]).unwrap();
        let halves = picture(halves);
        let one = resize(&halves, 1, 1).unwrap();
        assert_eq!(values(&one, 1, Layout::default()), [100.0]);
        let same = resize(&halves, 1, 4).unwrap();
        assert_eq!(same, halves);
        let wide = resize(&halves, 2, 8).unwrap();
        assert_eq!((wide.height(), wide.width()), (2, 8));
        for (h, w) in [
            (0, 1),
            (1, 0),
            (1, usize::MAX),
            (40_000, 1),
            (32_768, 32_768),
        ] {
            assert!(resize(&halves, h, w).is_err());
        }
    }

    #[test]
    fn resizes_colour_by_its_alpha() {
        let dots = rgba(&[[200, 0, 0, 255], [0, 255, 0, 0]]);
        let one = resize(&dots, 1, 1).unwrap();
        assert_eq!(values(&one, 4, Layout::default()), [200.0, 0.0, 0.0, 128.0]);
    }

    #[test]
    fn refuses_a_huge_picture_before_decoding_it() {
        let small = Tensor::from_f32(&[1, 1], vec![0.0]).unwrap();
        let mut bytes = encode_png(&small, Layout::default()).unwrap();
        // Width and height stand at byte 16; the header's checksum, over bytes 12 to 29, follows.
        for (width, height) in [(40_000u32, 1u32), (32_768, 32_768), (1 << 20, 1 << 20)] {
            bytes[16..20].copy_from_slice(&width.to_be_bytes());
            bytes[20..24].copy_from_slice(&height.to_be_bytes());
            let checksum = crc32(&bytes[12..29]).to_be_bytes();
            bytes[29..33].copy_from_slice(&checksum);
            assert_eq!(
                decode(&bytes).unwrap_err(),
                FormatError::PictureTooLarge {
                    width: width.into(),
                    height: height.into()
                }
            );
        }
    }

    /// The checksum of PNG chunks (ISO 3309).
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc: u32, _| {
                (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
            })
        })
    }

    #[test]
    fn says_what_is_no_picture() {
        let text = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
        assert_eq!(
            text(b"GIF89a"),
            "this is not a PNG or JPEG picture: it starts like a GIF picture"
        );
        assert!(text(b"\xff\xd8\xff\xe0").contains("not a valid JPEG picture"));
    }
}

//! The same loops in plain Rust, which the compiler vectorises for the baseline processor.

use super::{Left, NARROW, TILE, WIDE};

pub fn accumulate(
    start: &[f32; TILE],
    tile: &mut [f32; TILE],
    left: Left,
    panel: &[f32],
    width: usize,
) {
    match width {
        WIDE => rows::<WIDE>(start, tile, left, panel),
        _ => rows::<NARROW>(start, tile, left, panel),
    }
}

fn rows<const W: usize>(start: &[f32; TILE], tile: &mut [f32; TILE], left: Left, panel: &[f32]) {
    let (starts, _) = start.as_chunks::<W>();
    let (tile_rows, _) = tile.as_chunks_mut::<W>();
    let (panel, _) = panel.as_chunks::<W>();
    for ((sums, start), &row) in tile_rows.iter_mut().zip(starts).zip(left.rows) {
        let mut total = *start;
        let mut columns = panel.iter();
        for &segment in left.segments {
            let run = &left.data[row + segment..][..left.len];
            // The run stands first, so that its end takes no column away.
            for (&x, column) in run.iter().zip(&mut columns) {
                for (sum, &b) in total.iter_mut().zip(column) {
                    *sum += x * b;
                }
            }
        }
        *sums = total;
    }
}

pub fn accumulate_few(
    sums: &mut [f32; 4 * WIDE],
    rows: &[f32],
    k: usize,
    panels: &[f32],
    stride: usize,
) {
    let (sums, _) = sums.as_chunks_mut::<WIDE>();
    let across = if rows.len() == k { 4 } else { 2 };
    for (i, sum) in sums.iter_mut().enumerate() {
        let row = &rows[i / across * k..][..k];
        let (panel, _) = panels[i % across * stride..].as_chunks::<WIDE>();
        for (&x, column) in row.iter().zip(panel) {
            for (sum, &b) in sum.iter_mut().zip(column) {
                *sum += x * b;
            }
        }
    }
}

//! What is known of a model, made readable: data in, text out.

pub mod highlight;
pub mod markdown;
pub mod number;
pub mod paint;
pub mod profile;
pub mod reference;
pub mod summary;
pub mod values;

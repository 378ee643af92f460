//! Wording of what is wrong with weights.

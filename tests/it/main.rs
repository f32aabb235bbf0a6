//! The integration tests, one crate.

mod architecture;

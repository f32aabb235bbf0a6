//! How a stdio server is started and confined.

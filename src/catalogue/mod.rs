//! The folder of facts: paths, atomic writes, reading, history, lint.

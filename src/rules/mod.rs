//! Rule files: parse with spans, lint, compile, registry.

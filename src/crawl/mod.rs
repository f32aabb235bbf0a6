//! Many targets at once, each ending in one typed outcome.

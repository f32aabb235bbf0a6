//! Where servers come from: one normalised, de-duplicated list of targets.

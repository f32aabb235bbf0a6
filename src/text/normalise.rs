//! A normalised view of a text, for the text findings.

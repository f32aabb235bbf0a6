//! Verdicts to pages. Decides nothing.

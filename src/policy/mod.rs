//! Verdicts to policy documents. Pure.

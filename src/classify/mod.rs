//! Tokens and schemas to evidence, evidence to a verdict. Pure.

//! Name and prose tokens with byte spans, sentences, negation.

//! What the engine knows of words by itself: classes of grammar that a lexicon must have, and where a
//! word can stand.

/// Classes that the engine itself asks for; a lexicon must have them.
pub const GRAMMAR: [(&str, u32); 16] = [
    ("ambiguous", flag::AMBIGUOUS),
    ("lead", flag::LEAD),
    ("negation", flag::NEGATION),
    ("conjunction", flag::CONJUNCTION),
    ("determiner", flag::DETERMINER),
    ("preposition", flag::PREPOSITION),
    ("zone", flag::ZONE),
    ("condition", flag::CONDITION),
    ("selector", flag::SELECTOR),
    ("contrast", flag::CONTRAST),
    ("nounish", flag::NOUNISH),
    ("weak", flag::WEAK),
    ("read", flag::READS),
    ("hollow", flag::HOLLOW),
    ("copula", flag::COPULA),
    ("purpose", flag::PURPOSE),
];

/// What the engine knows of a word.
pub mod flag {
    /// In some verb class.
    pub const VERB: u32 = 1;
    /// A verb that is as often a noun.
    pub const AMBIGUOUS: u32 = 1 << 1;
    /// Stands before the verb of a sentence without changing it.
    pub const LEAD: u32 = 1 << 2;
    /// Negates what follows.
    pub const NEGATION: u32 = 1 << 3;
    /// Joins verbs.
    pub const CONJUNCTION: u32 = 1 << 4;
    /// Begins an object.
    pub const DETERMINER: u32 = 1 << 5;
    /// Begins a circumstance.
    pub const PREPOSITION: u32 = 1 << 6;
    /// Heads a part of little weight when a colon follows.
    pub const ZONE: u32 = 1 << 7;
    /// Begins a sentence that says when, not what.
    pub const CONDITION: u32 = 1 << 8;
    /// A property of this name selects one of several actions.
    pub const SELECTOR: u32 = 1 << 9;
    /// Ends the scope of a negation.
    pub const CONTRAST: u32 = 1 << 10;
    /// A verb that is a noun in most names.
    pub const NOUNISH: u32 = 1 << 11;
    /// A verb that says little by itself.
    pub const WEAK: u32 = 1 << 12;
    /// A verb that returns information.
    pub const READS: u32 = 1 << 13;
    /// A verb whose sentence does not say what the tool does.
    pub const HOLLOW: u32 = 1 << 14;
    /// A form of *to be*.
    pub const COPULA: u32 = 1 << 15;
    /// Leads on to what something is used for.
    pub const PURPOSE: u32 = 1 << 16;
}

/// Where a word stands in its text, as far as whole sequences ask for it.
pub mod stand {
    /// It is a verb that says what the tool does.
    pub const VERB: u16 = 1;
    /// It is in the first sentence that says what the tool does.
    pub const FIRST: u16 = 1 << 1;
    /// It is in a part of little weight.
    pub const LOW: u16 = 1 << 2;
}

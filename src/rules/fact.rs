//! Facts that a rule can ask for beside words: what a definition has, what a string looks like, and
//! what lies in it.

use serde::Deserialize;

/// What the classifier computes of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// There is no description.
    NoDescription,
    /// The tool lists two or more actions.
    SeveralActions,
    /// One of its listed actions reads.
    OffersRead,
    /// A string holds invisible characters.
    HiddenCharacters,
    /// A string holds characters that reorder what is shown.
    BidiControls,
    /// A string holds characters of the tag block.
    TagCharacters,
    /// A string holds characters that a terminal obeys.
    TerminalControls,
    /// A string holds a run of blanks that pushes text out of sight.
    Padding,
    /// A string holds an HTML comment.
    HtmlComment,
    /// A word mixes scripts to look like another.
    MixedScripts,
    /// A string holds a tag or marker that imitates the turns of a conversation.
    PseudoTag,
    /// A string holds a passage between such a tag and the one that closes it.
    FramedPassage,
    /// A string holds a picture from elsewhere whose address has a query.
    RemoteImage,
    /// The string is a name.
    IsName,
    /// The text was decoded from an encoded or hidden part.
    Decoded,
    /// Another tool of the server has a name that looks the same.
    CollidingName,
    /// A word of the tool's name is written to look like another: a digit for a letter.
    LookAlikeName,
    /// The string describes a parameter or names one.
    IsParameter,
    /// A string holds a marker that a chat template parts its turns with.
    TurnMarker,
    /// A string holds a mail address.
    MailAddress,
    /// A string names a tool that the server does not have.
    ForeignTool,
    /// A string names another tool of the server.
    OtherTool,
    /// A string holds a web address.
    Address,
    /// A default or a listed value of a parameter that says where something goes is an address.
    PresetDestination,
    /// A parameter whose name says that a person agreed is true unless said otherwise.
    PresetConsent,
    /// The string is a default, a constant or one of the values to choose from.
    IsPreset,
}

/// What lies somewhere in a string, as bits: what facts that have a place are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Places(u8);

impl Places {
    /// Nothing.
    pub const NONE: Places = Places(0);
    /// A mail address.
    pub const MAIL: Places = Places(1);
    /// A web address.
    pub const ADDRESS: Places = Places(1 << 1);
    /// Words joined like the name of a tool.
    pub const NAME: Places = Places(1 << 2);
    /// All of them.
    pub const ALL: Places = Places(7);

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Places) -> Places {
        Places(self.0 | other.0)
    }

    /// Itself where it is so, else nothing.
    #[must_use]
    pub const fn when(self, is: bool) -> Places {
        if is { self } else { Places::NONE }
    }

    /// Whether there is nothing.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether one of them is among others.
    pub const fn meet(self, others: Places) -> bool {
        self.0 & others.0 != 0
    }
}

impl Fact {
    /// Whether it is of what a string looks like: a mark, something hidden or encoded.
    pub const fn is_mark(self) -> bool {
        !self.has_place()
            && !matches!(
                self,
                Fact::IsName | Fact::IsParameter | Fact::IsPreset | Fact::Decoded
            )
    }

    /// Whether it lies somewhere in a string, in a sentence of its own, and may do so more than
    /// once.
    pub const fn has_place(self) -> bool {
        !self.places().is_none()
    }

    /// What a string must hold for it; none for a fact that lies nowhere in it.
    pub const fn places(self) -> Places {
        match self {
            Fact::ForeignTool | Fact::OtherTool => Places::NAME,
            Fact::MailAddress => Places::MAIL,
            Fact::Address => Places::ADDRESS,
            _ => Places::NONE,
        }
    }
}

/// Which parts of a rule are facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Whether one of `any` is.
    pub any: bool,
    /// Whether one of them lies nowhere in a string.
    pub any_unplaced: bool,
    /// Which of `all` are, as bits.
    pub all: u64,
    /// Of each of its parts that only facts with a place can be, what a string must hold some of: as
    /// many as there is room for.
    pub asked: [Places; 3],
}

impl Facts {
    /// Notes a part that only such facts can be.
    pub(super) fn ask(&mut self, places: Places) {
        if let Some(free) = self.asked.iter_mut().find(|asked| asked.is_none()) {
            *free = places;
        }
    }

    /// Whether a string with such places may have what they ask for.
    #[inline]
    pub fn may_stand(&self, places: Places) -> bool {
        let stands = |asked: &Places| asked.is_none() || asked.meet(places);
        self.asked.iter().all(stands)
    }
}

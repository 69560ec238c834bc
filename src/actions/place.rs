//! What can be done, and the kinds of screens where.

/// Something a person can do. What it does in detail belongs to the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Next,
    Previous,
    Choose,
    Open,
    GoOn,
    Pick,
    Toggle,
    Add,
    Practise,
    Test,
    Introspect,
    Refresh,
    Reauthorize,
    OtherScopes,
    Revoke,
    Delete,
    Rename,
    Edit,
    Undo,
    ReadAgain,
    BringOver,
    OtherWay,
    History,
    Find,
    Complete,
    Sort,
    SortBefore,
    Group,
    Reverse,
    Mark,
    Copy,
    ShowAddress,
    ShowQr,
    SshHost,
    BrowserHere,
    PrintRaw,
    Switch,
    Clear,
    Back,
    Stop,
    Lock,
    Answer,
    Mouse,
    Palette,
    Help,
    Redraw,
    Suspend,
    Quit,
    Leave,
}

/// A kind of screen. Each key means at most one thing in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// No connections yet.
    Start,
    /// The table of connections.
    Table,
    /// The filter line of the table.
    Finding,
    /// One connection.
    Details,
    /// What happened to one connection.
    History,
    /// First step of the wizard: the list of providers.
    Providers,
    /// A step of the wizard, or another form.
    Form,
    /// A running sign-in.
    Authorize,
    /// A page that a running sign-in opened: a paste, an address, a picture, the practice consent.
    SignInPage,
    /// The end of a sign-in.
    Finished,
    /// A question with numbered choices.
    Choices,
    /// A passphrase is asked for.
    Passphrase,
    /// All keys of a screen.
    Help,
    /// All actions of a screen, by name.
    Palette,
}

impl Place {
    pub const ALL: [Place; 14] = [
        Place::Start,
        Place::Table,
        Place::Finding,
        Place::Details,
        Place::History,
        Place::Providers,
        Place::Form,
        Place::Authorize,
        Place::SignInPage,
        Place::Finished,
        Place::Choices,
        Place::Passphrase,
        Place::Help,
        Place::Palette,
    ];

    /// Whether a text field can have the focus there.
    pub(super) fn has_fields(self) -> bool {
        matches!(
            self,
            Self::Finding
                | Self::Providers
                | Self::Form
                | Self::Authorize
                | Self::SignInPage
                | Self::Passphrase
                | Self::Palette
        )
    }

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Start => "First start",
            Self::Table => "Connections",
            Self::Finding => "Filter line",
            Self::Details => "Details",
            Self::History => "History",
            Self::Providers => "Choosing a provider",
            Self::Form => "Forms and wizard steps",
            Self::Authorize => "Authorize",
            Self::SignInPage => "Pages of a sign-in",
            Self::Finished => "After a sign-in",
            Self::Choices => "Questions",
            Self::Passphrase => "Passphrase",
            Self::Help => "Help",
            Self::Palette => "Palette",
        }
    }
}

//! What an archive is made of, whatever wrote it.

/// What stands where the header of a member may stand.
pub(super) enum Next {
    /// A member, whose content follows.
    Member(Member),
    /// No member any more: what was read of that which follows the last.
    End(Vec<u8>),
    /// A header that says nothing of use: the archive is damaged, or cut.
    Damaged(Vec<u8>),
}

/// One member.
pub(super) struct Member {
    /// Its path.
    pub(super) name: String,
    /// What its header says of it: the path, and what else may hold a value.
    pub(super) texts: Vec<Vec<u8>>,
    /// How long its content is.
    pub(super) len: u64,
    /// How many bytes fill up its content.
    pub(super) padding: u64,
}

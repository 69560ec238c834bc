//! Connections and answers for the tests of this room.

//! Stories played with keys.

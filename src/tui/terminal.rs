//! The terminal's modes: entered in one place, undone on every way out.

use std::io::{self, Stdout, Write, stdout};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread::{self, ThreadId};

use crossterm::cursor::{MoveToPreviousLine, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::style::{Print, force_color_output};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::model::Model;
use super::view::view;
use crate::host::{Multiplexer, note_fault, osc52};

/// Clicks and the wheel, with coordinates beyond 223; no reports of mere movement, which would
/// wake the program for nothing.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// The thread that holds the terminal in its modes; `None` while it is as it was.
static OWNER: Mutex<Option<ThreadId>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// Holds the terminal in its modes; undoes them when dropped.
pub(super) struct Guard {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: bool,
    /// Lines that stand on the normal screen.
    outside: usize,
}

impl Guard {
    /// Enters raw mode and the alternate screen.
    pub(super) fn enter(mouse: bool) -> io::Result<Self> {
        // Without colours the theme emits none; crossterm's own NO_COLOR handling would turn
        // every colour change into a reset, and the selection would lose its emphasis.
        force_color_output(true);
        HOOK.call_once(install_hook);
        enter_modes(mouse).inspect_err(|_| leave_modes(&mut stdout()))?;
        let terminal = Terminal::new(CrosstermBackend::new(stdout()))
            .inspect_err(|_| leave_modes(&mut stdout()))?;
        Ok(Self {
            terminal,
            mouse,
            outside: 0,
        })
    }

    /// Draws one frame, all at once where the terminal can.
    pub(super) fn draw(&mut self, model: &Model) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(|frame| view(model, frame)).map(drop);
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        drawn
    }

    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    pub(super) fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        execute!(stdout(), Print(if on { MOUSE_ON } else { MOUSE_OFF }))
    }

    /// Sends a text to the terminal's clipboard (OSC 52), in the envelope that tmux or screen wants;
    /// nobody can know whether it is taken. What is longer than terminals take is not sent.
    pub(super) fn copy(&mut self, text: &str, inside: Multiplexer) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        if let Some(bytes) = osc52(text, inside) {
            out.write_all(&bytes)?;
        }
        Write::flush(out)
    }

    /// Shows texts on the normal screen, where the terminal's own selection takes a long line whole. They
    /// stand there until [`Guard::come_back`].
    pub(super) fn print_outside(&mut self, texts: &str) -> io::Result<()> {
        let width = usize::from(self.size()?.0.max(1));
        let lines: Vec<&str> = texts.lines().chain(["", "Any key goes back."]).collect();
        self.outside = lines
            .iter()
            .map(|line| line.chars().count().div_ceil(width).max(1))
            .sum();
        let mut out = stdout();
        queue!(out, Print(MOUSE_OFF), LeaveAlternateScreen, Show)?;
        for line in lines {
            queue!(out, Print(line), Print("\r\n"))?;
        }
        out.flush()
    }

    /// Wipes what was shown, so that it does not stay above the shell's next prompt, and takes the
    /// alternate screen again.
    pub(super) fn come_back(&mut self) -> io::Result<()> {
        let lines = u16::try_from(std::mem::take(&mut self.outside)).unwrap_or(u16::MAX);
        let mut out = stdout();
        queue!(
            out,
            MoveToPreviousLine(lines),
            Clear(ClearType::FromCursorDown)
        )?;
        queue!(out, EnterAlternateScreen)?;
        if self.mouse {
            queue!(out, Print(MOUSE_ON))?;
        }
        self.forget()
    }

    /// Gives the terminal back as it was, for the time of a suspension.
    pub(super) fn leave(&mut self) {
        leave_modes(self.terminal.backend_mut());
    }

    /// Takes the terminal again, after a suspension, and forgets what was on it.
    pub(super) fn reenter(&mut self) -> io::Result<()> {
        enter_modes(self.mouse)?;
        self.forget()
    }

    /// The next frame is drawn whole.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        execute!(stdout(), Clear(ClearType::All))?;
        // A new one believes in an empty screen; its own `clear` would ask the terminal for the
        // cursor and wait for an answer.
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave_modes(&mut stdout());
    }
}

fn enter_modes(mouse: bool) -> io::Result<()> {
    *owner() = Some(thread::current().id());
    enable_raw_mode()?;
    let mut out = stdout();
    execute!(
        out,
        EnterAlternateScreen,
        EnableBracketedPaste,
        EnableFocusChange,
        Clear(ClearType::All)
    )?;
    if mouse {
        execute!(out, Print(MOUSE_ON))?;
    }
    Ok(())
}

/// Every step is tried, whatever became of the one before: the terminal may be gone. Does nothing
/// the second time: a panic restores first, prints its message, and must not have it wiped when
/// the guard is dropped after.
fn leave_modes(out: &mut impl Write) {
    if owner().take().is_none() {
        return;
    }
    let _ = queue!(
        out,
        EndSynchronizedUpdate,
        Print(MOUSE_OFF),
        DisableFocusChange,
        DisableBracketedPaste
    );
    // What stood on the alternate screen must not come back with it (conformance W-07).
    let _ = queue!(
        out,
        Clear(ClearType::All),
        LeaveAlternateScreen,
        Print(MOUSE_OFF),
        Show
    );
    let _ = out.flush();
    let _ = disable_raw_mode();
}

fn owner() -> MutexGuard<'static, Option<ThreadId>> {
    OWNER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Restores the terminal before a panic message is printed, but only when the panicking thread
/// owns it: a task that panics is reported through its handle while the screens go on.
fn install_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let held_by = *owner();
        match held_by {
            Some(holder) if holder == thread::current().id() => {
                leave_modes(&mut stdout());
                before(info);
            }
            // Somebody else's panic while the screens are up: printing would garble them.
            Some(_) => drop(note_fault(info)),
            None => before(info),
        }
    }));
}

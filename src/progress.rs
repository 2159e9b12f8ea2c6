//! How far a run is, for a person who waits.
//!
//! In: steps and bytes, told from any thread. Out: one line on a terminal's stderr, from the second second on, which is gone
//! before anything else is written. Whoever tells it pays for an atomic addition per block, and nothing when nobody looks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What a run is busy with, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Finding out what each file is.
    Open,
    /// Walking over every byte.
    Read,
    /// Files to tables.
    Merge,
    /// Who is the same.
    Link,
    /// One row per buying process.
    Journeys,
    /// Everything after that.
    Figures,
}

const WORDS: [&str; 6] = ["opening files", "reading files", "putting files together", "linking", "journeys", "figures"];

#[derive(Debug, Default)]
struct State {
    step: AtomicUsize,
    done: AtomicU64,
    total: AtomicU64,
}

/// How far a run is. Clones are of the same run.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<State>);

impl Progress {
    /// The next step begins.
    pub fn step(&self, step: Step) {
        self.0.step.store(step as usize, Ordering::Relaxed);
    }

    /// So many bytes are to be read, besides those known before.
    pub fn expect(&self, bytes: u64) {
        self.0.total.fetch_add(bytes, Ordering::Relaxed);
    }

    /// So many more bytes have been read.
    pub fn done(&self, bytes: u64) {
        self.0.done.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// The line on the terminal; dropping it takes it away.
#[derive(Debug)]
pub struct Shown {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Nobody waits for less.
const PATIENCE: Duration = Duration::from_secs(1);
const REFRESH: Duration = Duration::from_millis(100);

impl Shown {
    /// Shows the progress from a second after now.
    pub fn after_a_second(progress: &Progress) -> Self {
        let (stop, stopped) = channel::<()>();
        let state = Arc::clone(&progress.0);
        let thread = std::thread::spawn(move || {
            let waits = |time| stopped.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
            if !waits(PATIENCE) {
                return;
            }
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            loop {
                show(&bar, &state);
                if !waits(REFRESH) {
                    break;
                }
            }
            bar.finish_and_clear();
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

fn show(bar: &ProgressBar, state: &State) {
    let step = state.step.load(Ordering::Relaxed);
    let total = state.total.load(Ordering::Relaxed);
    let reading = step == Step::Read as usize && total > 0;
    let template =
        if reading { "{spinner} {msg} [{bar:20}] {binary_bytes} of {binary_total_bytes}" } else { "{spinner} {msg}" };
    // Plain characters: not every terminal of a server has others.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.tick_chars("-\\|/ ").progress_chars("=> "));
    }
    if reading {
        bar.set_length(total);
        bar.set_position(state.done.load(Ordering::Relaxed).min(total));
    }
    bar.set_message(WORDS.get(step).copied().unwrap_or_default());
    bar.tick();
}

impl Drop for Shown {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_fast_waits_for_nothing() {
        let began = std::time::Instant::now();
        drop(Shown::after_a_second(&Progress::default()));
        assert!(began.elapsed() < PATIENCE / 2);
    }

    #[test]
    fn every_step_has_its_words() {
        assert_eq!(WORDS[Step::Figures as usize], "figures");
        assert_eq!(WORDS.len(), Step::Figures as usize + 1);
    }
}

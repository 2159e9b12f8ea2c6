//! How engaged an account is: what depends on the order of its touches in time.
//!
//! In: touches by account, day and human. Out: on as-of, the touches and the engaged people of each account within the last
//! days; and the first day on which it was qualified: by depth (touches), breadth (engaged people) and recency (all of them
//! within the same days).

use std::collections::VecDeque;

use super::NO_DAY;

/// One touch of a known person of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touch {
    /// Row in `accounts`.
    pub account: u32,
    /// Day in the contract's zone, since 1970.
    pub day: i32,
    /// Who was touched.
    pub human: u32,
}

/// When a person is engaged and an account is qualified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Days that count, the last one included.
    pub within: i32,
    /// Touches that make a person engaged.
    pub engaged: u32,
    /// Engaged people that qualify an account.
    pub people: u32,
    /// Touches that do, together with them.
    pub touches: u32,
}

/// How engaged an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engagement {
    /// Touches within the last days: the depth.
    pub touches: u32,
    /// People engaged within them: the breadth.
    pub people: u32,
    /// Whether it is qualified on as-of.
    pub qualified: bool,
    /// The first day on which it was qualified; [`NO_DAY`] if it never was.
    pub since: i32,
}

impl Engagement {
    /// Without touches.
    pub const NONE: Self = Self { touches: 0, people: 0, qualified: false, since: NO_DAY };
}

/// The engagement of `accounts` accounts on as-of, and whether each of `humans` humans is engaged. Sorts the touches; none
/// may be later than as-of.
///
/// ```
/// use onefunnel::journey::account::{Terms, Touch, engagement};
/// let terms = Terms { within: 10, engaged: 1, people: 2, touches: 3 };
/// let mut touches: Vec<Touch> = [(0, 0), (5, 1), (9, 0), (40, 0)].map(|(day, human)| Touch { account: 0, day, human }).to_vec();
/// let (accounts, engaged) = engagement(&mut touches, 1, 2, terms, 41);
/// assert_eq!((accounts[0].since, accounts[0].qualified), (9, false)); // days 0 to 9 are ten days
/// assert_eq!((accounts[0].touches, &engaged[..]), (1, &[true, false][..]));
/// ```
pub fn engagement(
    touches: &mut [Touch],
    accounts: usize,
    humans: usize,
    terms: Terms,
    as_of: i32,
) -> (Vec<Engagement>, Vec<bool>) {
    touches.sort_unstable();
    let mut all = vec![Engagement::NONE; accounts];
    let mut engaged = vec![false; humans];
    // Touches of each human within the window; nobody belongs to two accounts.
    let mut count = vec![0_u32; humans];
    let mut window: VecDeque<(i32, u32)> = VecDeque::new();
    for of_account in touches.chunk_by(|a, b| a.account == b.account) {
        let one = &mut all[of_account[0].account as usize];
        let mut people = 0;
        let forget = |window: &mut VecDeque<(i32, u32)>, count: &mut [u32], people: &mut u32, day: i32| {
            while let Some((_, human)) = window.front().copied().filter(|(first, _)| *first <= day - terms.within) {
                window.pop_front();
                *people -= u32::from(count[human as usize] == terms.engaged);
                count[human as usize] -= 1;
            }
        };
        for of_day in of_account.chunk_by(|a, b| a.day == b.day) {
            forget(&mut window, &mut count, &mut people, of_day[0].day);
            for touch in of_day {
                window.push_back((touch.day, touch.human));
                count[touch.human as usize] += 1;
                people += u32::from(count[touch.human as usize] == terms.engaged);
            }
            if one.since == NO_DAY && people >= terms.people && window.len() >= terms.touches as usize {
                one.since = of_day[0].day;
            }
        }
        forget(&mut window, &mut count, &mut people, as_of);
        one.touches = u32::try_from(window.len()).unwrap_or(u32::MAX);
        one.people = people;
        one.qualified = people >= terms.people && window.len() >= terms.touches as usize;
        for (_, human) in window.drain(..) {
            engaged[human as usize] |= count[human as usize] >= terms.engaged;
        }
        for touch in of_account {
            count[touch.human as usize] = 0;
        }
    }
    (all, engaged)
}

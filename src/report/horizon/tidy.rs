//! The tidy table: one figure per row, whatever the data.
//!
//! In: a [`View`]. Out: one [`Table`] for machines.

use super::FEW;
use super::View;
use super::count::{Anchor, Buyers, Cohort, Group, Lag, Span, Sum};
use super::curve::{share, waits};
use super::volume::LAGS;
use crate::evaluate::segment_text;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::stats::correlation::MIN_PAIRS;
use crate::stats::lag::Share;
use crate::time::date_of;

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 21] = [
    "section",
    "item",
    "buyers",
    "anchor",
    "period",
    "period_start: date",
    "period_end: date",
    "segment",
    "lag",
    "value: number",
    "unit",
    "numerator: number",
    "denominator: number",
    "n: number",
    "ci_low: number",
    "ci_high: number",
    "mature: flag",
    "status",
    "as_of: date",
    "currency",
    "contract_hash",
];

/// One figure, or why there is none.
struct Figure {
    section: &'static str,
    item: String,
    buyers: Buyers,
    anchor: &'static str,
    period: Option<usize>,
    lag: String,
    value: Result<f64, (&'static str, String)>,
    unit: Unit,
    sides: [Option<f64>; 2],
    n: u64,
    interval: Option<(f64, f64)>,
    mature: Option<bool>,
    /// Why a value that is there is not the last word; empty where it is.
    but: &'static str,
}

impl Figure {
    fn of(section: &'static str, item: impl Into<String>, period: Option<usize>) -> Self {
        Self {
            section,
            item: item.into(),
            buyers: Buyers::All,
            anchor: "",
            period,
            lag: String::new(),
            value: Err(("no_data", String::new())),
            unit: Unit::Number,
            sides: [None; 2],
            n: 0,
            interval: None,
            mature: None,
            but: "",
        }
    }
}

/// A missing figure.
fn missing(status: &'static str, why: &str) -> Result<f64, (&'static str, String)> {
    Err((status, why.to_string()))
}

impl Lag {
    /// For machines.
    pub fn id(self) -> String {
        match self {
            Self::Periods(n) if n > LONGEST => "more".into(),
            Self::Periods(n) => n.to_string(),
            Self::After => "after".into(),
            Self::Unknown => "unknown".into(),
        }
    }
}

#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
fn float(n: u64) -> f64 {
    n as f64
}

impl View<'_> {
    pub fn tidy(&self) -> Table {
        let columns = TIDY.iter().map(|column| Column::tidy(column)).collect();
        let mut rows = Vec::new();
        for (at, group) in self.groups.iter().enumerate() {
            let segment = at.checked_sub(1).map_or_else(String::new, |s| segment_text(self.by, &self.segments[s]));
            let mut add = |figure: Figure| rows.push(self.row(figure, &segment));
            self.revenue_by_lag(group, &mut add);
            self.cohort_yield(group, at == 0, &mut add);
            self.lag_curve(at, &mut add);
            if at == 0 {
                self.spend_payoff(&mut add);
            }
            Self::lag_days(group, &mut add);
            self.mql_yield(group, &mut add);
            self.correlations(group, &mut add);
        }
        Table { id: "horizon_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    fn row(&self, figure: Figure, segment: &str) -> Vec<Cell> {
        let shown = self.time.shown;
        let (label, start, end) = figure.period.map_or(("total", shown.from, shown.to), |p| {
            let p = &shown.all[p];
            (p.label.as_str(), p.start, p.end)
        });
        let plain = |v: Option<f64>| v.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number));
        let status = match &figure.value {
            Err((status, _)) => *status,
            Ok(_) if !figure.but.is_empty() => figure.but,
            Ok(_) if figure.period.is_some_and(|p| shown.is_partial(p)) => "partial",
            Ok(_) => "ok",
        };
        let contract = &self.data.session.contract;
        vec![
            Cell::text(figure.section),
            Cell::text(figure.item),
            Cell::text(figure.buyers.id()),
            Cell::text(figure.anchor),
            Cell::text(label),
            Cell::Date(date_of(start)),
            Cell::Date(date_of(end)),
            Cell::text(segment),
            Cell::text(figure.lag),
            match figure.value {
                Ok(value) => Cell::Number(value, figure.unit),
                Err((_, why)) => Cell::Missing(why),
            },
            Cell::text(figure.unit.id()),
            plain(figure.sides[0]),
            plain(figure.sides[1]),
            Cell::count(figure.n),
            plain(figure.interval.map(|i| i.0)),
            plain(figure.interval.map(|i| i.1)),
            figure.mature.map_or_else(Cell::none, Cell::Flag),
            Cell::text(status),
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
        ]
    }

    /// Every period shown, and all of them.
    fn periods(&self) -> impl Iterator<Item = Option<usize>> + use<> {
        (0..self.time.shown.all.len()).map(Some).chain([None])
    }

    /// The longest lag that any won deal has.
    pub fn longest(&self, anchor: Anchor) -> Option<usize> {
        let lags = self.groups[0].won.keys().filter(|key| key.0 == anchor);
        lags.filter_map(|key| if let Lag::Periods(n) = key.2 { Some(n) } else { None }).max()
    }

    /// Won deals of a period, or of all, at a lag, or at any.
    pub fn at_lag(group: &Group, anchor: Anchor, period: Option<usize>, lag: Option<Lag>) -> Sum {
        let all = group.won.iter().filter(|((a, p, l), _)| {
            *a == anchor && period.is_none_or(|period| period == *p) && lag.is_none_or(|lag| lag == *l)
        });
        all.fold(Sum::default(), |sum, (_, one)| sum.and(*one))
    }

    /// Whether beginnings so long before a period lie before the exports begin.
    pub fn before_exports(&self, period: Option<usize>, lag: Lag) -> bool {
        let Lag::Periods(n) = lag else { return false };
        period.is_some_and(|p| (self.time.first + p) < self.time.history + n)
    }

    fn revenue_by_lag(&self, group: &Group, add: &mut dyn FnMut(Figure)) {
        for anchor in Anchor::ALL {
            let lags = self.longest(anchor).map_or(0, |n| n.min(LONGEST + 1) + 1);
            let lags = (0..lags).map(Lag::Periods).chain([Lag::After, Lag::Unknown]).map(Some).chain([None]);
            let lags: Vec<Option<Lag>> = lags.collect();
            // One pass over the deals of the group for all rows.
            let mut found = std::collections::BTreeMap::new();
            for ((_, period, lag), sum) in group.won.iter().filter(|(key, _)| key.0 == anchor) {
                let lag = if let Lag::Periods(n) = lag { &Lag::Periods((*n).min(LONGEST + 1)) } else { lag };
                for period in [Some(*period), None] {
                    for lag in [Some(*lag), None] {
                        let cell: &mut Sum = found.entry((period, lag)).or_default();
                        *cell = cell.and(*sum);
                    }
                }
            }
            for period in self.periods() {
                let all = found.get(&(period, None)).copied().unwrap_or_default();
                for lag in &lags {
                    let cell = found.get(&(period, *lag)).copied().unwrap_or_default();
                    let unseen = cell.n == 0 && lag.is_some_and(|lag| self.before_exports(period, lag));
                    let of = |known: bool, part: f64, whole: f64| match (known, unseen) {
                        (false, _) => missing("no_source", "no export has the deals, or what they are worth"),
                        (_, true) => missing("before_exports", "the exports begin later"),
                        _ if whole > 0.0 => Ok(part / whole),
                        _ => missing("zero_denominator", "nothing was won"),
                    };
                    let lag = lag.map_or_else(|| "all".into(), Lag::id);
                    let (money, total) = (self.major(cell.money), self.major(all.money));
                    let known = self.known.deals;
                    let (part, whole) = (float(cell.n), float(all.n));
                    let both = [
                        ("revenue_share", of(known && self.known.amounts, money, total), [money, total]),
                        ("deals_share", of(known, part, whole), [part, whole]),
                    ];
                    for (item, value, [part, whole]) in both {
                        let unit = Unit::Share;
                        let sides = [Some(part).filter(|_| !unseen), Some(whole)];
                        let figure = Figure::of("revenue_by_lag", item, period);
                        add(Figure { anchor: anchor.id(), lag: lag.clone(), value, unit, sides, n: cell.n, ..figure });
                    }
                }
            }
        }
    }

    /// The oldest age at which anything came.
    pub fn oldest(&self) -> usize {
        let cohorts = self.groups[0].cohorts.values();
        cohorts.flat_map(|c| c.created.keys().chain(c.won.keys())).copied().max().unwrap_or(0)
    }

    /// What a cohort brought up to an age.
    pub fn brought(of: &std::collections::BTreeMap<usize, Sum>, age: usize) -> Sum {
        of.range(..=age).fold(Sum::default(), |sum, (_, one)| sum.and(*one))
    }

    /// Whether the entrants of a period are in the figures of all of them at an age.
    pub fn is_old_enough(&self, period: usize, age: usize) -> bool {
        self.time.ages(period).0.is_some_and(|over| age <= over) && !self.time.shown.is_partial(period)
    }

    fn cohort_yield(&self, group: &Group, with_spend: bool, add: &mut dyn FnMut(Figure)) {
        let nobody = Cohort::default();
        for buyers in Buyers::ALL {
            for age in 0..=self.oldest().min(LONGEST) {
                // All cohorts that are old enough, with the spend of those that have any.
                let (mut all, mut entrants) = ([Sum::default(); 2], 0);
                let (mut paid, mut spent) = ([Sum::default(); 2], None);
                for period in 0..self.time.shown.all.len() {
                    let cohort = group.cohorts.get(&(buyers, period)).unwrap_or(&nobody);
                    let (over, begun) = self.time.ages(period);
                    let came = [Self::brought(&cohort.created, age), Self::brought(&cohort.won, age)];
                    let spend = if with_spend { self.spend.of[period].clone() } else { Err(NO_LINK.into()) };
                    if self.is_old_enough(period, age) {
                        all = [all[0].and(came[0]), all[1].and(came[1])];
                        entrants += cohort.entrants;
                        if let Ok(spend) = &spend {
                            paid = [paid[0].and(came[0]), paid[1].and(came[1])];
                            *spent.get_or_insert(0.0) += spend;
                        }
                    }
                    let status = match over {
                        _ if age > begun => Some("not_known_yet"),
                        Some(over) if age <= over => None,
                        _ => Some("partial"),
                    };
                    self.yields(add, buyers, Some(period), age, cohort.entrants, [came, came], &spend, status);
                }
                let why = if with_spend { "no cohort that is old enough has spend" } else { NO_LINK };
                let spent = spent.ok_or_else(|| why.to_string());
                self.yields(add, buyers, None, age, entrants, [all, paid], &spent, None);
            }
        }
    }

    /// The rows of one cohort and age: deals created and won, all of them, and those of cohorts with spend.
    #[allow(clippy::too_many_arguments)] // one row
    fn yields(
        &self,
        add: &mut dyn FnMut(Figure),
        buyers: Buyers,
        period: Option<usize>,
        age: usize,
        n: u64,
        [all, paid]: [[Sum; 2]; 2],
        spend: &Result<f64, String>,
        status: Option<&'static str>,
    ) {
        let known = self.known;
        for (at, names) in [["deals", "pipeline", "pipeline_per_spend"], ["won", "revenue", "revenue_per_spend"]]
            .into_iter()
            .enumerate()
        {
            let dated = if at == 0 { known.created } else { known.deals };
            let open = |known: bool, value: f64| match (known, status) {
                (false, _) => missing("no_source", "no export has the deals, or what they are worth"),
                (_, Some("not_known_yet")) => missing("not_known_yet", "not over yet"),
                _ => Ok(value),
            };
            let money = self.major(all[at].money);
            let per = self.major(paid[at].money);
            let ratio = match spend {
                Err(why) => missing("no_spend", why),
                Ok(spend) if *spend > 0.0 => open(dated && known.amounts, per / spend),
                Ok(_) => missing("zero_denominator", "nothing was spent"),
            };
            let hide = |v: f64, value: &Result<f64, _>| Some(v).filter(|_| value.is_ok());
            let spent = spend.as_ref().ok().copied();
            let (deals, amount) = (open(dated, float(all[at].n)), open(dated && known.amounts, money));
            let sides = [[None; 2], [None; 2], [hide(per, &ratio), spent]];
            let figures = [(deals, Unit::Count), (amount, Unit::Money), (ratio, Unit::Number)];
            for ((name, (value, unit)), sides) in names.into_iter().zip(figures).zip(sides) {
                let mature = period.and_then(|p| self.mature(p));
                let figure = Figure::of("cohort_yield", name, period);
                let lag = age.to_string();
                let but = status.unwrap_or_default();
                add(Figure { buyers, anchor: Anchor::Entry.id(), lag, value, unit, sides, n, mature, but, ..figure });
            }
        }
    }

    fn lag_curve(&self, group: usize, add: &mut dyn FnMut(Figure)) {
        for buyers in Buyers::ALL {
            let curve = self.curve(buyers, group);
            for (item, shares) in [("wins", &curve.wins), ("revenue", &curve.revenue)] {
                let Some(shares) = shares.as_ref().filter(|_| item == "wins" || self.known.amounts) else { continue };
                let mut before = 0.0;
                for (at, (share, age)) in shares.iter().zip(&curve.ages).enumerate() {
                    let Share { value, interval } = *share;
                    let few = curve.ages.iter().map(|age| age.wins).sum::<u64>() < FEW;
                    let both = [("share", value - before, None), ("cumulative", value, interval)];
                    before = value;
                    for (kind, value, interval) in both {
                        let figure = Figure::of("lag_curve", format!("{item}_{kind}"), None);
                        let (unit, sides) = (Unit::Share, [Some(float(age.wins)), None]);
                        add(Figure {
                            buyers,
                            anchor: Anchor::Entry.id(),
                            lag: at.to_string(),
                            value: Ok(value),
                            unit,
                            sides,
                            n: age.at_risk,
                            interval,
                            but: if few { "few" } else { "" },
                            ..figure
                        });
                    }
                }
            }
        }
    }

    /// The share that comes within the period of entry, by wins or by revenue; low and high where known.
    pub fn within(&self, by_revenue: bool) -> Option<Share> {
        let curve = self.curve(self.buyers, 0);
        let shares = if by_revenue { &curve.revenue } else { &curve.wins };
        shares.as_ref().filter(|_| !by_revenue || self.known.amounts).and_then(|shares| shares.first().copied())
    }

    fn spend_payoff(&self, add: &mut dyn FnMut(Figure)) {
        for (item, by_revenue) in [("by_wins", false), ("by_revenue", true)] {
            let within = self.within(by_revenue);
            for lag in ["within", "beyond"] {
                let share = within.map(|share| {
                    let interval = share.interval;
                    match lag {
                        "within" => (share.value, interval),
                        _ => (1.0 - share.value, interval.map(|(low, high)| (1.0 - high, 1.0 - low))),
                    }
                });
                for period in self.periods() {
                    let spend = match period {
                        Some(period) => &self.spend.of[period],
                        None => &self.spend.total,
                    };
                    let value = match (spend, share) {
                        (Err(why), _) => missing("no_spend", why),
                        (_, None) => missing("no_curve", "nobody who was followed was won, or too few were followed"),
                        (Ok(spend), Some((share, _))) => Ok(spend * share),
                    };
                    let spent = spend.as_ref().ok().copied();
                    let interval = share.and_then(|(_, i)| i).zip(spent).map(|((l, h), s)| (l * s, h * s));
                    let sides = [share.map(|(share, _)| share), spent];
                    let figure = Figure::of("spend_payoff", item, period);
                    let (lag, buyers, n) = (lag.to_string(), self.buyers, self.curve(self.buyers, 0).n);
                    add(Figure { buyers, lag, value, unit: Unit::Money, sides, n, interval, ..figure });
                }
            }
        }
    }

    fn lag_days(group: &Group, add: &mut dyn FnMut(Figure)) {
        for buyers in Buyers::ALL {
            for span in Span::ALL {
                let found = waits(group.days.get(&(buyers, span)).map_or(&[], |days| days));
                let came = found.came;
                let n = came.map_or(0, |came| came.n);
                let figures = [
                    ("median", found.median.map(f64::from), found.n),
                    ("observed_p25", came.map(|c| c.p25), n),
                    ("observed_median", came.map(|c| c.median), n),
                    ("observed_p75", came.map(|c| c.p75), n),
                ];
                for (kind, value, of) in figures {
                    let value = value.ok_or_else(|| ("no_data", "it came for nobody, or too few were followed".into()));
                    let figure = Figure::of("lag_days", format!("{}_{kind}", span.names()[0]), None);
                    let but = if n < FEW { "few" } else { "" };
                    let sides = [Some(float(n)), None];
                    add(Figure { buyers, value, unit: Unit::Days, sides, n: of, but, ..figure });
                }
            }
        }
    }

    fn mql_yield(&self, group: &Group, add: &mut dyn FnMut(Figure)) {
        for period in self.periods() {
            let mqls = Self::mqls(group, period);
            let against = period.and_then(|p| self.against(group, p));
            let mature = period.and_then(|p| self.mature(p));
            let known = |of: bool, value: Result<f64, (&'static str, String)>| match (&self.mql, of) {
                (Err(why), _) => missing("no_stage", why),
                (_, false) => missing("no_source", "no export has the deals, or what they are worth"),
                _ => value,
            };
            let ratio = |value: Option<f64>| value.ok_or_else(|| ("zero_denominator", "there were none".to_string()));
            let (deals, amounts) = (self.known.deals, self.known.deals && self.known.amounts);
            let of_all = share(mqls.won, mqls.n);
            // Of all days: the mature periods alone.
            let old = period.map_or_else(|| self.mature_mqls(group), |_| mqls);
            let soon = share(old.soon, old.n).filter(|_| self.mature_after.is_some());
            let n = Some(float(mqls.n));
            let conversion = known(deals, ratio(of_all.map(|s| s.0)));
            let within = match (mature, period) {
                (Some(false), _) => missing("not_mature", "too young"),
                _ => known(deals, ratio(soon.map(|s| s.0))),
            };
            let compared = |value: Option<f64>| {
                let why = || match period {
                    None => ("no_data", "of one period only".to_string()),
                    Some(p) if !self.counts(p) => ("not_mature", "too young, or not whole".to_string()),
                    Some(_) if against.is_none() => {
                        ("no_period_before", "no mature period right before it".to_string())
                    }
                    Some(_) => ("too_few", "too few to tell".to_string()),
                };
                known(deals, value.ok_or_else(why))
            };
            let money = self.major(mqls.money);
            let sides = |top: f64| [Some(top), n];
            let none = [None; 2];
            let within_sides = [Some(float(old.soon)), Some(float(old.n))].map(|side| side.filter(|_| within.is_ok()));
            let before = against.map(|a| a.before);
            let base = [before.map(|b| float(b.soon)), before.map(|b| float(b.n))];
            // The mean of the periods before it.
            let mean = against.filter(|a| a.volume.is_some()).map(|a| float(a.before.n) / float(a.periods));
            let volumes = [n.filter(|_| mean.is_some()), mean];
            let alarm = against.is_some_and(|a| a.alarm());
            let per = ratio((mqls.n > 0).then(|| money / float(mqls.n)));
            let rows = [
                ("mqls", known(true, Ok(float(mqls.n))), Unit::Count, none, None),
                ("conversion", conversion, Unit::Share, sides(float(mqls.won)), of_all.and_then(|s| s.1)),
                ("conversion_within", within, Unit::Share, within_sides, soon.and_then(|s| s.1)),
                ("revenue_per_mql", known(amounts, per), Unit::Money, sides(money), None),
                ("volume_change", compared(against.and_then(|a| a.volume)), Unit::Change, volumes, None),
                ("yield_change", compared(against.and_then(|a| a.yields)), Unit::Points, base, None),
                ("z", compared(against.and_then(|a| a.z)), Unit::Number, base, None),
            ];
            for (item, value, unit, sides, interval) in rows {
                let young = matches!(item, "conversion" | "revenue_per_mql") && mature == Some(false);
                let but = match item {
                    "z" if alarm => "alarm",
                    _ if young => "not_mature",
                    _ => "",
                };
                let interval = interval.filter(|_| value.is_ok());
                let figure = Figure::of("mql_yield", item, period);
                let n = if item == "conversion_within" { old.n } else { mqls.n };
                add(Figure { anchor: super::MQL, value, unit, sides, n, interval, mature, but, ..figure });
            }
        }
    }

    fn correlations(&self, group: &Group, add: &mut dyn FnMut(Figure)) {
        for lag in 0..=LAGS {
            let (n, found) = self.correlation(group, lag);
            let why = match &self.mql {
                Err(why) => ("no_stage", why.clone()),
                Ok(_) if n < 2 => ("too_few", "too few whole periods".to_string()),
                Ok(_) => ("constant", "one of the two never varies, or is not known".to_string()),
            };
            let value = found.map(|f| f.rho).ok_or(why);
            let figure = Figure::of("correlation", "mqls_and_won_revenue", None);
            let but = if n < MIN_PAIRS { "too_few" } else { "" };
            let interval = found.and_then(|f| f.interval);
            add(Figure { anchor: super::MQL, lag: lag.to_string(), value, n: n as u64, interval, but, ..figure });
        }
    }
}

/// The longest lag and age with rows of their own; longer lags are together, and ages end there.
pub const LONGEST: usize = 52;

/// Why there is no spend of a segment.
const NO_LINK: &str = "spend has no link to the segments of buyers";

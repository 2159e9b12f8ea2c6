//! Whatever is planted in a copy of the example, the causes add up.

use proptest::prelude::*;

use super::company::*;
use super::new_deal;

/// One change of a copy.
#[derive(Debug, Clone)]
enum Plant {
    Amount(usize, u32),
    Closed(usize, u8),
    Lost(usize),
    NoDeal(usize),
    LateDeal(usize),
    NoLead(usize),
    Merge(usize, usize),
    Convert(usize, usize),
    Spend(usize, u32),
    NoSpend(usize),
    Heads(usize),
    NoHistory(usize),
    Rate,
    Stage,
}

fn plants() -> impl Strategy<Value = Vec<Plant>> {
    let at = || 0_usize..100_000;
    let one = prop_oneof![
        (at(), 0_u32..50_000_000).prop_map(|(at, cents)| Plant::Amount(at, cents)),
        (at(), 1_u8..28).prop_map(|(at, day)| Plant::Closed(at, day)),
        at().prop_map(Plant::Lost),
        at().prop_map(Plant::NoDeal),
        at().prop_map(Plant::LateDeal),
        at().prop_map(Plant::NoLead),
        (at(), at()).prop_map(|(loser, winner)| Plant::Merge(loser, winner)),
        (at(), at()).prop_map(|(lead, deal)| Plant::Convert(lead, deal)),
        (at(), 0_u32..5_000_000).prop_map(|(at, cents)| Plant::Spend(at, cents)),
        at().prop_map(Plant::NoSpend),
        at().prop_map(Plant::Heads),
        at().prop_map(Plant::NoHistory),
        Just(Plant::Rate),
        Just(Plant::Stage),
    ];
    proptest::collection::vec(one, 1..12)
}

fn plant(company: &Company, plant: &Plant) {
    let change = |file: &str, at: usize, values: &[(&str, String)]| {
        company.edit(file, |rows| {
            let at = at % rows.len();
            for (column, value) in values {
                rows[at].get_mut(*column).unwrap().clone_from(value);
            }
        });
    };
    let remove = |file: &str, at: usize| {
        company.edit(file, |rows| {
            let at = at % rows.len();
            rows.remove(at);
        });
    };
    let money = |cents: u32| format!("{}.{:02}", cents / 100, cents % 100);
    match plant {
        Plant::Amount(at, cents) => change(DEALS, *at, &[("Amount", money(*cents))]),
        Plant::Closed(at, day) => change(DEALS, *at, &[("CloseDate", format!("2026-02-{day:02} 00:00:00"))]),
        Plant::Lost(at) => {
            let values = [("StageName", "Closed Lost"), ("IsWon", "0"), ("IsClosed", "1")];
            change(DEALS, *at, &values.map(|(column, value)| (column, value.to_string())));
        }
        Plant::NoDeal(at) => remove(DEALS, *at),
        Plant::LateDeal(at) => company.edit(DEALS, |rows| {
            let like = rows[at % rows.len()].clone();
            let id = format!("006Hs00000{at:05}IAA");
            rows.push(new_deal(&like, &id, "2026-03-02 12:00:00", "2026-04-20 00:00:00"));
        }),
        Plant::NoLead(at) => remove(LEADS, *at),
        Plant::Merge(loser, winner) => {
            let rows = company.rows(LEADS);
            let winner = rows[winner % rows.len()]["Id"].clone();
            if rows[loser % rows.len()]["Id"] != winner {
                change(LEADS, *loser, &[("IsDeleted", "true".into()), ("MasterRecordId", winner)]);
            }
        }
        Plant::Convert(lead, deal) => {
            let deals = company.rows(DEALS);
            let deal = deals[deal % deals.len()]["Id"].clone();
            let values = [("IsConverted", "true".into()), ("ConvertedOpportunityId", deal)];
            change(LEADS, *lead, &values);
        }
        Plant::Spend(at, cents) => change(SPEND, *at, &[("amount", money(*cents))]),
        Plant::NoSpend(at) => remove(SPEND, *at),
        Plant::Heads(at) => change("finance/headcount.csv", *at, &[("heads", "3.5".into())]),
        Plant::NoHistory(at) => remove("salesforce/LeadHistory.csv", *at),
        Plant::Rate => {
            let path = company.0.path().join("onefunnel.toml");
            let text = std::fs::read_to_string(&path).unwrap().replace("rate = 1.10 ", "rate = 1.23 ");
            std::fs::write(path, text).unwrap();
        }
        Plant::Stage => {
            let path = company.0.path().join("onefunnel.toml");
            let text = std::fs::read_to_string(&path).unwrap().replace(", { people = \"mql_at\" }", "");
            std::fs::write(path, text).unwrap();
        }
    }
}

/// A dozen mixtures, or as many as `ONEFUNNEL_CASES` says.
fn mixtures() -> ProptestConfig {
    let said = std::env::var("ONEFUNNEL_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig {
        cases: said.unwrap_or(12),
        max_shrink_iters: 8,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(mixtures())]
    #[test]
    fn whatever_is_planted_the_causes_add_up(plants in plants(), swapped in any::<bool>()) {
        let (a, b) = (Company::new(), Company::new());
        for one in &plants {
            plant(&b, one);
        }
        let (a, b) = if swapped { (b, a) } else { (a, b) };
        compared(&a, &b, &[]);
    }
}

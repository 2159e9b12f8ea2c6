//! Invented people and companies. In: a number, or the generator. Out: names; companies never repeat. Every
//! e-mail domain ends in `.example`, which is reserved: no address belongs to anybody.

use crate::rng::Rng;

const FIRST: &[&str] = &[
    "Ada",
    "Amir",
    "Anna",
    "Beatriz",
    "Ben",
    "Carla",
    "Chen",
    "Clara",
    "Dario",
    "Deepa",
    "Diego",
    "Elena",
    "Emma",
    "Erik",
    "Farid",
    "Fiona",
    "François",
    "Grace",
    "Hana",
    "Hugo",
    "Imani",
    "Ines",
    "Ivan",
    "Jamal",
    "Jana",
    "José",
    "Julia",
    "Kaito",
    "Karin",
    "Kofi",
    "Lara",
    "Leo",
    "Lin",
    "Lucas",
    "Maja",
    "Marco",
    "Maria",
    "Mei",
    "Mona",
    "Nadia",
    "Nils",
    "Noor",
    "Olga",
    "Omar",
    "Paula",
    "Pedro",
    "Priya",
    "Quinn",
    "Rafael",
    "Renée",
    "Rosa",
    "Sam",
    "Sara",
    "Sofia",
    "Tariq",
    "Tess",
    "Tom",
    "Uma",
    "Vera",
    "Victor",
    "Wei",
    "Yara",
    "Zoë",
];
const LAST: &[&str] = &[
    "Abbott",
    "Adeyemi",
    "Almeida",
    "Andersson",
    "Banerjee",
    "Barros",
    "Becker",
    "Berg",
    "Castillo",
    "Chang",
    "Cole",
    "Costa",
    "Dahl",
    "Diaz",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Flores",
    "Fontaine",
    "Garcia",
    "Gómez",
    "Gupta",
    "Haas",
    "Haddad",
    "Hansen",
    "Hughes",
    "Ibrahim",
    "Ito",
    "Jansen",
    "Kaur",
    "Keller",
    "Kim",
    "Kowalski",
    "Lang",
    "Larsen",
    "Lopez",
    "Marsh",
    "Mehta",
    "Meyer",
    "Moreau",
    "Müller",
    "Nakamura",
    "Nguyen",
    "Novak",
    "Okafor",
    "Olsen",
    "Park",
    "Patel",
    "Peña",
    "Price",
    "Ramos",
    "Reyes",
    "Rossi",
    "Sato",
    "Schmidt",
    "Silva",
    "Singh",
    "Stone",
    "Suarez",
    "Tanaka",
    "Varga",
    "Vogel",
    "Walsh",
    "Weber",
    "Young",
    "Zhang",
    "Ziegler",
];
const COMPANY_FIRST: &[&str] = &[
    "Alder",
    "Amber",
    "Anchor",
    "Apex",
    "Aspen",
    "Beacon",
    "Birch",
    "Bluewater",
    "Bolt",
    "Bright",
    "Canyon",
    "Cedar",
    "Cobalt",
    "Copper",
    "Crest",
    "Delta",
    "Dune",
    "Eagle",
    "Élan",
    "Ember",
    "Evergreen",
    "Falcon",
    "Fjord",
    "Flint",
    "Forge",
    "Garnet",
    "Glacier",
    "Granite",
    "Harbor",
    "Hazel",
    "Heron",
    "Horizon",
    "Indigo",
    "Iron",
    "Ivory",
    "Jasper",
    "Juniper",
    "Keystone",
    "Lakeside",
    "Lantern",
    "Laurel",
    "Linden",
    "Lumen",
    "Magnolia",
    "Maple",
    "Meridian",
    "Mesa",
    "Montréal",
    "Nimbus",
    "North",
    "Núñez",
    "Oak",
    "Obsidian",
    "Onyx",
    "Orchard",
    "Osprey",
    "Pebble",
    "Pine",
    "Pioneer",
    "Polar",
    "Prairie",
    "Quarry",
    "Quartz",
    "Rapid",
    "Raven",
    "Ridge",
    "River",
    "Rowan",
    "Saffron",
    "Sage",
    "Schöner",
    "Sierra",
    "Silver",
    "Slate",
    "Solstice",
    "Spruce",
    "Sterling",
    "Summit",
    "Sycamore",
    "Talon",
    "Tidal",
    "Timber",
    "Topaz",
    "Tundra",
    "Umber",
    "Valley",
    "Verdant",
    "Vista",
    "Willow",
    "Zenith",
];
const COMPANY_SECOND: &[&str] = &[
    "Analytics",
    "Assurance",
    "Bank",
    "Biotech",
    "Builders",
    "Capital",
    "Care",
    "Chemicals",
    "Cloud",
    "Components",
    "Consulting",
    "Credit",
    "Devices",
    "Dynamics",
    "Electric",
    "Energy",
    "Engineering",
    "Foods",
    "Freight",
    "Furniture",
    "Health",
    "Holdings",
    "Hotels",
    "Industries",
    "Insurance",
    "Labs",
    "Lighting",
    "Logistics",
    "Market",
    "Materials",
    "Media",
    "Medical",
    "Metals",
    "Mobility",
    "Motors",
    "Networks",
    "Optics",
    "Packaging",
    "Paper",
    "Partners",
    "Pharma",
    "Plastics",
    "Power",
    "Printing",
    "Rail",
    "Research",
    "Retail",
    "Robotics",
    "Seeds",
    "Shipping",
    "Software",
    "Solar",
    "Sports",
    "Steel",
    "Supply",
    "Systems",
    "Telecom",
    "Textiles",
    "Tools",
    "Tourism",
    "Transit",
    "Utilities",
    "Ventures",
    "Water",
    "Works",
];
/// Public bodies are called after places, so that a name gives its industry away.
const PUBLIC: &[&str] = &["County Council", "City Services", "Public Schools", "Transit Authority", "Health District"];

const TITLES: &[&str] = &[
    "CEO",
    "CFO",
    "CIO",
    "VP Operations",
    "VP Finance",
    "Director of IT",
    "Director of Procurement",
    "IT Manager",
    "Operations Manager",
    "Finance Manager",
    "Analyst",
    "Project Lead",
    "Head of Digital",
    "Systems Engineer",
];

/// Ends of deal names.
pub const PRODUCTS: &[&str] = &["Platform", "Platform Plus", "Analytics Add-on", "Starter Pack"];

/// A person's first and last name and job title.
pub fn person(rng: &mut Rng) -> (&'static str, &'static str, &'static str) {
    (rng.pick(FIRST), rng.pick(LAST), rng.pick(TITLES))
}

/// The `n`-th company's name; every `n` gives another.
pub fn company(n: u64, public: bool) -> String {
    let firsts = COMPANY_FIRST.len() as u64;
    let seconds = if public { PUBLIC.len() } else { COMPANY_SECOND.len() } as u64;
    let all = firsts * seconds;
    // A step without common factors with `all` walks through every pair once before any comes again.
    let pair = n * 3571 % all;
    let at = |i: u64| usize::try_from(i).unwrap_or(0);
    let first = COMPANY_FIRST[at(pair % firsts)];
    let second = if public { PUBLIC[at(pair / firsts)] } else { COMPANY_SECOND[at(pair / firsts)] };
    match n / all {
        0 => format!("{first} {second}"),
        round => format!("{first} {second} {}", round + 1),
    }
}

/// A company's own domain.
pub fn domain(company: &str) -> String {
    let mut domain: String = plain(company).to_ascii_lowercase().replace(' ', "-");
    domain.push_str(".example");
    domain
}

/// A person's address; `nth` tells people of one company apart.
pub fn email(first: &str, last: &str, nth: usize, domain: &str) -> String {
    let number = if nth == 0 { String::new() } else { (nth + 1).to_string() };
    format!("{}.{}{number}@{domain}", plain(first), plain(last)).to_ascii_lowercase()
}

/// The address as a rep might have typed it: with capitals.
pub fn shouted(email: &str) -> String {
    let mut up = true;
    email
        .chars()
        .map(|c| if std::mem::replace(&mut up, c == '.' || c == '@') { c.to_ascii_uppercase() } else { c })
        .collect()
}

/// The text without accents.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'ç' => 'c',
            'é' | 'É' | 'ë' => 'e',
            'ó' | 'ö' => 'o',
            'ü' | 'ú' => 'u',
            'ñ' => 'n',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn companies_never_repeat() {
        let names: BTreeSet<String> = (0..20_000).map(|n| company(n, false)).collect();
        let public: BTreeSet<String> = (0..20_000).map(|n| company(n, true)).collect();
        assert_eq!((names.len(), public.len()), (20_000, 20_000));
        let domains: BTreeSet<String> = names.iter().chain(&public).map(|n| domain(n)).collect();
        assert_eq!(domains.len(), 40_000);
    }

    #[test]
    fn addresses_are_plain_and_may_shout() {
        assert_eq!(domain("Élan Steel 2"), "elan-steel-2.example");
        let email = email("José", "Peña", 1, "elan-steel.example");
        assert_eq!(email, "jose.pena2@elan-steel.example");
        assert_eq!(shouted(&email), "Jose.Pena2@Elan-steel.Example");
    }
}

//! E-mail addresses and company domains: what links people and companies across systems.
//!
//! In: a cell, or an address or web site as text. Out: the address in lower case; the domain a company registered.

use std::net::IpAddr;
use std::sync::OnceLock;

/// An e-mail address in lower case (ASCII letters only), trimmed; `None` when it is none: there must be one `@` with
/// something before it and a dotted domain after it, and no white space, list marks or angle brackets.
pub fn email<'a>(cell: &[u8], buf: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let cell = cell.trim_ascii();
    let at = memchr::memchr(b'@', cell)?;
    let domain = &cell[at + 1..];
    let dotted = domain.contains(&b'.') && !domain.starts_with(b".") && !domain.ends_with(b".");
    if at == 0 || !dotted || domain.contains(&b'@') || cell.iter().any(|b| FOREIGN[usize::from(*b)]) {
        return None;
    }
    buf.clear();
    buf.extend(cell.iter().map(u8::to_ascii_lowercase));
    Some(buf)
}

/// Bytes that no address has.
const FOREIGN: [bool; 256] = {
    let mut foreign = [false; 256];
    let mut byte = 0;
    while byte < 33 {
        foreign[byte] = true;
        byte += 1;
    }
    foreign[127] = true;
    let marks = b"<>,;()\"[]:\\";
    let mut at = 0;
    while at < marks.len() {
        foreign[marks[at] as usize] = true;
        at += 1;
    }
    foreign
};

/// The registered domain of an e-mail address or a web site: `https://www.acme.co.uk:80/x` and `eva@eu.acme.co.uk` are
/// both `acme.co.uk`. Domains in other scripts come out in their ASCII form. `None` when there is none: no dot, an IP
/// address, or nothing but a public suffix such as `co.uk`.
pub fn domain(email_or_url: &str) -> Option<String> {
    let text = email_or_url.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let text = text.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let text = text.rsplit('@').next().unwrap_or_default();
    if text.parse::<IpAddr>().is_ok() {
        return None;
    }
    let text = text.split(':').next().unwrap_or_default().trim_end_matches('.').to_lowercase();
    let host = text.strip_prefix("www.").unwrap_or(&text);
    if !host.contains('.') || host.parse::<IpAddr>().is_ok() || host.contains(|c: char| c.is_whitespace() || c == ',') {
        return None;
    }
    // A company whose own domain is a suffix for its customers (blogspot.com) is still a company.
    psl2::registrable_domain(host)
        .or_else(|| psl2::analyze(host).filter(psl2::Info::is_private).map(|info| info.as_ascii().to_string()))
}

/// Whether a domain, as [`domain`] gives it, belongs to a mail provider for everybody: two people there need not work
/// together.
pub fn is_free_mail(domain: &str) -> bool {
    static LIST: OnceLock<Vec<&'static str>> = OnceLock::new();
    LIST.get_or_init(|| include_str!("../free_mail.txt").lines().collect()).binary_search(&domain).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails() {
        let mut buf = Vec::new();
        assert_eq!(email(b" Rose@Edge.COM ", &mut buf), Some(&b"rose@edge.com"[..]));
        assert_eq!(email(b"a.b+c@x-y.co.uk", &mut buf), Some(&b"a.b+c@x-y.co.uk"[..]));
        assert_eq!(email("JÖRG@firma.de".as_bytes(), &mut buf), Some("jÖrg@firma.de".as_bytes()));
        for bad in [
            "",
            "@",
            "a@",
            "@b.com",
            "a@b",
            "a@.com",
            "a@b.",
            "a@b@c.com",
            "a b@c.com",
            "Eva <eva@acme.com>",
            "a@b.com; c@d.com",
            "a@b.com,",
            "n/a",
        ] {
            assert_eq!(email(bad.as_bytes(), &mut buf), None, "{bad}");
        }
    }

    #[test]
    fn domains() {
        for (text, expected) in [
            ("https://www.Acme.co.uk:8080/about?x=1#y", "acme.co.uk"),
            ("eva@eu.acme.co.uk", "acme.co.uk"),
            ("EVA@ACME.COM", "acme.com"),
            ("www.acme.com.", "acme.com"),
            ("http://user:secret@shop.acme.de/", "acme.de"),
            ("shop.blogspot.com", "shop.blogspot.com"),
            ("blogspot.com", "blogspot.com"),
            ("https://bücher.example/", "xn--bcher-kva.example"),
            ("acme.internal", "acme.internal"),
        ] {
            assert_eq!(domain(text).as_deref(), Some(expected), "{text}");
        }
        for none in
            ["", "localhost", "co.uk", "http://192.168.0.1/x", "[::1]", "::1", "n/a", "two words.com", "@", "http://"]
        {
            assert_eq!(domain(none), None, "{none}");
        }
    }

    #[test]
    fn free_mail() {
        for yes in ["gmail.com", "yahoo.co.uk", "qq.com", "web.de", "hotmail.com", "proton.me"] {
            assert!(is_free_mail(yes), "{yes}");
        }
        for no in ["", "acme.com", "com", "mail", "edge.com"] {
            assert!(!is_free_mail(no), "{no}");
        }
        let list: Vec<&str> = include_str!("../free_mail.txt").lines().collect();
        assert!(list.is_sorted_by(|a, b| a < b));
        assert!(list.len() >= 100);
        for entry in list {
            assert_eq!(domain(entry).as_deref(), Some(entry), "a domain that `domain` never gives");
        }
    }
}

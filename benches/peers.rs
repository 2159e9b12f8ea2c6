//! How fast onefunnel is beside DuckDB, polars and pandas, on the same work.
//!
//! In: a scale; 1 is 590,000 people, 99,000 deals, 10 million touches and 1.6 GB of exports, made by
//! `examples/generate.rs` when they are not there yet. Out: a table of best wall time, processor time and peak memory
//! of each system, with ratios to onefunnel. The exit code is not 0 when a peer's figures are not ours.
//!
//! ```text
//! python3 -m venv target/peers && target/peers/bin/pip install -r benches/peers/requirements.txt
//! cargo bench --bench peers -- --scale 0.1
//! ```
//!
//! The work: read the raw exports, find the first time of each stage per buying process, and write the funnel by
//! month and lead source as CSV: volume, conversion, median days to the next stage (of a marketing qualified lead: the
//! hand-off time) and deal value (of the last stage: won revenue). `benches/peers/*_peer.py` do it as their users do.
//!
//! The figures need 7 of the exports, a quarter of the bytes. onefunnel reads all of them, whatever is asked, and gives
//! every touch to its process and team. So each peer runs twice: on those 7, and with the touches too, whose sums are
//! compared as well. The first says how long an answer takes, the second what the same reading costs: whoever quotes
//! one quotes both. Every run is a process of its own, start and imports included, the systems take turns, and the
//! files are in the page cache. `scan` merely finds the records and cells of all exports. Seconds are those of one
//! machine, and of whatever else it was doing: only ratios may be quoted.
//!
//! With `--attribution` the task is another: credit for won deals and their revenue by channel under first, last, linear,
//! 40/20/40 and W, to the cent. The data are 10 million touches of 100,000 deals in three plain files; with `--attribution
//! generated`, the exports of the generated company. Beside the five rules stands a row with Markov and Shapley too, which
//! says what these add.
//!
//! It needs GNU time (`/usr/bin/time`), for processor time and peak memory.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use rayon::prelude::*;

/// Of scale 1.
const PEOPLE: f64 = 590_000.0;
const TOUCHES_PER_PERSON: &str = "17";
/// A generated company's contract: the example's, and sums of touches to compare.
const CONTRACT: [&str; 2] = [include_str!("../examples/acme/onefunnel.toml"), include_str!("peers/touches.toml")];
const TOUCH_METRICS: &str = "touches_marketing,touches_sales,processes_marketing,processes_sales,\
                             early_marketing,early_sales,late_marketing,late_sales";
const PEERS: [&str; 3] = ["duckdb", "polars", "pandas"];
const ENVIRONMENT: &str =
    "python3 -m venv target/peers && target/peers/bin/pip install -r benches/peers/requirements.txt";
/// Prints the peers' versions, and fails when one is not there.
const VERSIONS: &str = "import duckdb, pandas, polars, pyarrow
print(', '.join(f'{m.__name__} {m.__version__}' for m in (duckdb, polars, pandas, pyarrow)))";

/// onefunnel beside DuckDB, polars and pandas.
#[derive(Parser)]
struct Arguments {
    /// Size of the data: 1 is about 10 million touches and 1.6 GB.
    #[arg(long, default_value_t = 0.1)]
    scale: f64,
    /// How often each system runs; the best run counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Threads of every system; all cores without it.
    #[arg(long)]
    threads: Option<usize>,
    /// A peer to leave out: one that has not enough memory, say. May be repeated.
    #[arg(long)]
    skip: Vec<String>,
    /// Measure attribution instead of the funnel; the peer is DuckDB.
    #[arg(long, value_name = "flat|generated", num_args = 0..=1, default_missing_value = "flat")]
    attribution: Option<String>,
    /// Python with the peers.
    #[arg(long, default_value = "target/peers/bin/python")]
    python: PathBuf,
    /// Where data and results go.
    #[arg(long, default_value = option_env!("CARGO_TARGET_TMPDIR").unwrap_or("target/tmp"))]
    folder: PathBuf,
    /// The program to measure.
    #[arg(long, default_value = option_env!("CARGO_BIN_EXE_onefunnel").unwrap_or("onefunnel"))]
    onefunnel: PathBuf,
    /// A compiled generator; without it, cargo runs the example.
    #[arg(long)]
    generator: Option<PathBuf>,
    /// What the row `scan` runs.
    #[arg(long, hide = true)]
    scan: Option<PathBuf>,
    /// Cargo says so.
    #[arg(long, hide = true)]
    bench: bool,
}

/// One line of the table.
struct System {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    /// The best run so far.
    best: Option<Run>,
}

/// What one run took.
struct Run {
    wall: f64,
    cpu: f64,
    megabytes: f64,
    stderr: String,
}

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when stderr is closed.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(a: &Arguments) -> Result<()> {
    let threads = match a.threads {
        Some(threads) => threads,
        None => std::thread::available_parallelism().context("the number of cores is not known; give --threads")?.get(),
    };
    if let Some(company) = &a.scan {
        return scan(company, threads);
    }
    let versions = versions(&a.python)?;
    let flat = a.attribution.as_deref() == Some("flat");
    let company = if flat { flat_company(a)? } else { company(a)? };
    let results = a.folder.join(format!("peers-{}-results", a.scale));
    fs::create_dir_all(&results)?;

    let mut systems = if a.attribution.is_some() {
        attribution(a, &company, &results, threads)
    } else {
        systems(a, &company, &results, threads)?
    };
    for turn in 0..a.runs as usize {
        for place in 0..systems.len() {
            let at = (place + turn) % systems.len();
            let run = run(&systems[at], threads, &results)?;
            let best = &mut systems[at].best;
            if best.as_ref().is_none_or(|b| run.wall < b.wall) {
                *best = Some(run);
            }
        }
    }
    print(&systems, &format!("{versions}; {threads} threads, best of {}, scale {}", a.runs, a.scale))?;
    if a.attribution.is_some() { compare_attribution(a, &results) } else { compare(a, &company, &results) }
}

/// The versions of the peers, or the command that installs them.
fn versions(python: &Path) -> Result<String> {
    let missing = || format!("{} has not all peers; this installs them:\n\n    {ENVIRONMENT}\n", python.display());
    let out = Command::new(python).args(["-c", VERSIONS]).output().with_context(missing)?;
    ensure!(out.status.success(), "{}\n{}", missing(), String::from_utf8_lossy(&out.stderr));
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_string())
}

/// The folder of the generated company of that scale; generates it when it is not there.
fn company(a: &Arguments) -> Result<PathBuf> {
    ensure!((0.001..=100.0).contains(&a.scale), "--scale is from 0.001 to 100");
    let folder = a.folder.join(format!("peers-{}", a.scale));
    // The generator writes it last.
    if !folder.join("truth.json").is_file() {
        fs::create_dir_all(&folder)?;
        let mut command = if let Some(generator) = &a.generator {
            Command::new(generator)
        } else {
            let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            cargo.args(["run", "--release", "--locked", "--quiet", "--example", "generate", "--"]);
            cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
            cargo
        };
        let people = format!("{:.0}", PEOPLE * a.scale);
        let out = std::path::absolute(&folder)?;
        command.args(["--people", &people, "--touches-per-person", TOUCHES_PER_PERSON, "--out"]).arg(out);
        ensure!(command.status().context("the generator does not start")?.success(), "the generator failed");
    }
    fs::write(folder.join("onefunnel.toml"), CONTRACT.concat())?;
    Ok(folder)
}

fn peer_script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(name)
}

/// Whether a name is among those to leave out.
fn left_out(a: &Arguments, peer: &str) -> bool {
    a.skip.iter().any(|s| s == peer)
}

fn systems(a: &Arguments, company: &Path, results: &Path, threads: usize) -> Result<Vec<System>> {
    let system = |name: &str, program: &Path, arguments: &[&str]| System {
        name: name.into(),
        program: program.into(),
        arguments: arguments.iter().map(ToString::to_string).collect(),
        best: None,
    };
    let (folder, threads) = (company.to_string_lossy(), threads.to_string());
    let file = |name: &str| results.join(name).to_string_lossy().into_owned();
    let ours = file("onefunnel.csv");
    let mut systems = vec![system(
        "onefunnel",
        &a.onefunnel,
        &["funnel", &folder, "--period", "month", "--by", "lead_source", "-f", "csv", "-o", &ours, "-vv"],
    )];
    for peer in PEERS.into_iter().filter(|peer| !left_out(a, peer)) {
        let script = peer_script(&format!("{peer}_peer.py")).to_string_lossy().into_owned();
        let output = |name: String| file(&format!("{name}.csv"));
        let (less, all) = (peer.to_string(), format!("{peer}-touches"));
        systems.push(system(&less, &a.python, &[&script, &folder, &output(less.clone()), &threads]));
        systems.push(system(&all, &a.python, &[&script, &folder, &output(all.clone()), &threads, "touches"]));
    }
    systems.push(system("scan", &std::env::current_exe()?, &["--scan", &folder, "--threads", &threads]));
    Ok(systems)
}

const FLAT_CONTRACT: &str = r#"as_of = "2026-06-30"
[[source]]
path = "people.csv"
table = "people"
columns = { person_id = "person", created_at = "seen" }
[[source]]
path = "deals.csv"
table = "deals"
columns = { deal_id = "deal", person_id = "person", created_at = "opened", closed_at = "closed", is_closed = "over", is_won = "won", amount = "worth" }
[[source]]
path = "touches.csv"
table = "touches"
columns = { touch_id = "touch", person_id = "person", at = "at", channel = "channel" }
[[stage]]
id = "won"
owner = "both"
reached = [ { deal = "closed_at", when = "is_won" } ]
"#;

/// A company of 100,000 deals and 10 million touches, times the scale, in three plain files; made when it is not there.
fn flat_company(a: &Arguments) -> Result<PathBuf> {
    let folder = a.folder.join(format!("peers-flat-{}", a.scale));
    let contract = folder.join("onefunnel.toml");
    if contract.is_file() {
        return Ok(folder);
    }
    fs::create_dir_all(&folder)?;
    let mut state = 1_u64;
    let mut random = |below: u64| {
        // Knuth's constants; the upper bits are the better ones.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a scale is small and above 0
    let deals = (100_000.0 * a.scale).ceil() as u64;
    // Days of the year 2025, and the time of a day.
    let day = |day: u64| jiff::civil::date(2025, 1, 1) + jiff::Span::new().days(i64::try_from(day).unwrap_or(0));
    let time = |second: u64| format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    let create = |name: &str| fs::File::create(folder.join(name)).map(std::io::BufWriter::new);
    let [mut people, mut made, mut touches] = [create("people.csv")?, create("deals.csv")?, create("touches.csv")?];
    writeln!(people, "person,seen")?;
    writeln!(made, "deal,person,opened,closed,over,won,worth")?;
    writeln!(touches, "touch,person,at,channel")?;
    for deal in 0..deals {
        let [seen, opened] = [random(60), 60 + random(120)];
        let (closed, won) = (opened + 20 + random(150), random(10) < 6);
        let cents = random(10_000_000);
        writeln!(people, "P{deal},{} {}", day(seen), time(random(86_400)))?;
        let (opened, closed) = (format!("{} {}", day(opened), time(random(86_400))), day(closed));
        writeln!(made, "D{deal},P{deal},{opened},{closed},1,{},{}.{:02}", u8::from(won), cents / 100, cents % 100)?;
    }
    for touch in 0..deals * 100 {
        let (person, on, second, channel) = (random(deals), random(365), random(86_400), random(10));
        writeln!(touches, "T{touch},P{person},{} {},Channel {channel}", day(on), time(second))?;
    }
    for mut file in [people, made, touches] {
        file.flush()?;
    }
    fs::write(contract, FLAT_CONTRACT)?;
    Ok(folder)
}

/// The systems that measure attribution: five rules, the same with Markov and Shapley, and DuckDB with the five rules.
fn attribution(a: &Arguments, company: &Path, results: &Path, threads: usize) -> Vec<System> {
    const RULES: &str = "first,last,linear,u_first_last,w";
    let folder = company.to_string_lossy().into_owned();
    let file = |name: &str| results.join(name).to_string_lossy().into_owned();
    let ours = |name: &str, models: &str| System {
        name: name.into(),
        program: a.onefunnel.clone(),
        arguments: ["attribution", &folder, "--model", models, "-f", "csv", "-vv", "-o", &file(&format!("{name}.csv"))]
            .map(String::from)
            .to_vec(),
        best: None,
    };
    let mut systems = vec![ours("onefunnel", RULES), ours("onefunnel-all", &format!("{RULES},markov,shapley"))];
    if !left_out(a, "duckdb") {
        let script = peer_script("duckdb_attribution.py").to_string_lossy().into_owned();
        let mut arguments = vec![script, folder.clone(), file("duckdb-attribution.csv"), threads.to_string()];
        arguments.extend(a.attribution.iter().filter(|kind| *kind == "flat").cloned());
        systems.push(System { name: "duckdb".into(), program: a.python.clone(), arguments, best: None });
    }
    systems
}

/// Holds DuckDB's credit against ours.
fn compare_attribution(a: &Arguments, results: &Path) -> Result<()> {
    if left_out(a, "duckdb") {
        return Ok(());
    }
    let mut command = Command::new(&a.python);
    command.arg(peer_script("compare_attribution.py"));
    command.args(["onefunnel.csv", "duckdb-attribution.csv"].map(|name| results.join(name)));
    ensure!(command.status()?.success(), "DuckDB's credit is not ours");
    Ok(())
}

/// Runs a system once, as a process of its own. GNU time says what it took.
fn run(system: &System, threads: usize, results: &Path) -> Result<Run> {
    let took = results.join("took.txt");
    let mut command = Command::new("/usr/bin/time");
    command.args(["-f", "%U %S %M", "-o"]).arg(&took).arg(&system.program).args(&system.arguments);
    for name in ["RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS"] {
        command.env(name, threads.to_string());
    }
    let start = Instant::now();
    let out = command.stdin(Stdio::null()).output().context("/usr/bin/time does not start; install GNU time")?;
    let wall = start.elapsed().as_secs_f64();
    let stderr = String::from_utf8_lossy(&out.stderr).into_owned();
    ensure!(out.status.success(), "{} failed:\n{stderr}", system.name);
    let numbers: Vec<f64> = fs::read_to_string(&took)?.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    let [user, sys, kilobytes] = numbers[..] else { bail!("{} is not three numbers of GNU time", took.display()) };
    Ok(Run { wall, cpu: user + sys, megabytes: kilobytes / 1024.0, stderr })
}

fn print(systems: &[System], title: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let Some(ours) = systems.first().and_then(|s| s.best.as_ref()) else { bail!("nothing was measured") };
    writeln!(out, "{title}\n")?;
    writeln!(out, "{:<16}{:>9}{:>8}{:>9}{:>9}{:>8}", "System", "Wall s", "Ratio", "CPU s", "Peak MB", "Ratio")?;
    for system in systems {
        let Some(Run { wall, cpu, megabytes, .. }) = &system.best else { continue };
        let (slower, larger) = (wall / ours.wall, megabytes / ours.megabytes);
        writeln!(out, "{:<16}{wall:>9.2}{slower:>8.2}{cpu:>9.2}{megabytes:>9.0}{larger:>8.2}", system.name)?;
    }
    writeln!(out, "\nRatios are to onefunnel: above 1 is slower, or larger. Only they may be quoted.")?;
    writeln!(
        out,
        "onefunnel reads every export; a peer those that the funnel needs, or with -touches also the touches."
    )?;
    writeln!(out, "\nonefunnel's walk (-vv):")?;
    let mut known = 0.0;
    for line in ours.stderr.lines() {
        // Lines about files have no number of seconds.
        if let Some((step, seconds)) = line.split_once(": ").and_then(|(s, rest)| Some((s, rest.strip_suffix(" s")?)))
            && let Ok(seconds) = seconds.parse::<f64>()
        {
            // An indented line is a part of the one above it.
            if !step.starts_with(' ') {
                known += seconds;
            }
            writeln!(out, "  {step:<14}{seconds:>9.3} s{:>7.0} %", 100.0 * seconds / ours.wall)?;
        }
    }
    let rest = ours.wall - known;
    writeln!(out, "  {:<14}{rest:>9.3} s{:>7.0} %\n", "the rest", 100.0 * rest / ours.wall)?;
    Ok(out.flush()?)
}

/// Holds the peers' files against ours.
fn compare(a: &Arguments, company: &Path, results: &Path) -> Result<()> {
    let peers: Vec<&str> = PEERS.into_iter().filter(|peer| !left_out(a, peer)).collect();
    if peers.is_empty() {
        return Ok(());
    }
    let touches = results.join("onefunnel-touches.csv");
    let ours = Command::new(&a.onefunnel)
        .arg("scorecard")
        .arg(company)
        .args(["--metric", TOUCH_METRICS, "--by", "lead_source", "-f", "csv", "-o"])
        .arg(&touches)
        .output()?;
    ensure!(ours.status.success(), "onefunnel scorecard failed:\n{}", String::from_utf8_lossy(&ours.stderr));
    let funnels = peers.iter().flat_map(|p| [format!("{p}.csv"), format!("{p}-touches.csv")]).collect();
    let sums = peers.iter().map(|p| format!("{p}-touches.csv.touches.csv")).collect();
    let mut agree = true;
    for (ours, theirs) in [(results.join("onefunnel.csv"), funnels), (touches, sums)] as [(PathBuf, Vec<String>); 2] {
        let mut command = Command::new(&a.python);
        command.arg(peer_script("compare.py")).arg(ours).args(theirs.iter().map(|name| results.join(name)));
        agree &= command.status()?.success();
    }
    ensure!(agree, "a peer's figures are not ours");
    Ok(())
}

/// Finds the records and cells of all exports, on as many threads: what reading costs at least.
fn scan(company: &Path, threads: usize) -> Result<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let mut files = Vec::new();
    for folder in fs::read_dir(company.join("exports"))? {
        for file in fs::read_dir(folder?.path())? {
            files.push(file?.path());
        }
    }
    let counts: Vec<(u64, usize)> =
        pool.install(|| files.par_iter().map(|path| scan_file(path, threads)).collect::<Result<_>>())?;
    let (records, cells) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    writeln!(std::io::stdout(), "{} files, {records} records, {cells} cells", files.len())?;
    Ok(())
}

fn scan_file(path: &Path, threads: usize) -> Result<(u64, usize)> {
    let text = fs::read(path)?;
    let count = |part: &[u8]| -> Result<(u64, usize)> {
        let mut reader = simd_csv::ZeroCopyReaderBuilder::new().has_headers(false).flexible(true).from_reader(part);
        let (mut records, mut cells) = (0, 0);
        while let Some(record) = reader.read_byte_record()? {
            records += 1;
            cells += record.len();
        }
        Ok((records, cells))
    };
    let parts = cut(&text, threads * 4);
    let counts: Vec<(u64, usize)> = parts.into_par_iter().map(count).collect::<Result<_>>()?;
    Ok(counts.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1)))
}

/// Cuts a text into about so many parts, each after a line end with an even number of quotes before it.
fn cut(text: &[u8], parts: usize) -> Vec<&[u8]> {
    let step = (text.len() / parts).max(1 << 20);
    let (mut cut, mut rest) = (Vec::new(), text);
    while rest.len() > step {
        let mut quotes = memchr::memchr_iter(b'"', &rest[..step]).count();
        let end = memchr::memchr2_iter(b'"', b'\n', &rest[step..]).find(|at| {
            let is_quote = rest[step + at] == b'"';
            quotes += usize::from(is_quote);
            !is_quote && quotes.is_multiple_of(2)
        });
        let Some(end) = end else { break };
        let (part, after) = rest.split_at(step + end + 1);
        cut.push(part);
        rest = after;
    }
    if !rest.is_empty() {
        cut.push(rest);
    }
    cut
}

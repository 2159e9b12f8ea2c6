// Opens HTML reports in a browser, as a reader would: on a phone, a laptop and on paper, in light and in dark.
//
//   node check.mjs CHROMIUM SCREENSHOTS REPORT.html...
//
// Fails on a console message, a request, an accessibility violation (axe-core), a page wider than its window, a table that
// does not sort, with and without script, and a chart without title, description or data table.

import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, shots, ...files] = process.argv.slice(2);
if (!executablePath || !shots || files.length === 0) {
  console.error("usage: node check.mjs CHROMIUM SCREENSHOTS REPORT.html...");
  process.exit(2);
}
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WINDOWS = { phone: { width: 390, height: 844 }, laptop: { width: 1366, height: 768 } };
const problems = [];
const wrong = (where, what) => problems.push(`${where}: ${what}`);

async function open(browser, file, options, where) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("console", (message) => wrong(where, `console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => wrong(where, `error in the page: ${error.message}`));
  page.on("request", (request) => {
    if (request.url() !== pathToFileURL(file).href) wrong(where, `request: ${request.url()}`);
  });
  await page.goto(pathToFileURL(file).href);
  return { context, page };
}

async function accessible(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  for (const violation of violations) {
    const nodes = violation.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.failureSummary ?? ""}`);
    wrong(where, `${violation.id} (${violation.nodes.length}): ${nodes.join(" | ")}`);
  }
}

// The values of a column as they are sorted, in the order in which the rows are seen.
const seen = (table, column) => {
  const rows = [...table.tBodies[0].rows].filter((row) => row.cells.length > column);
  const placed = rows.map((row) => ({ top: row.getBoundingClientRect().top, cell: row.cells[column] }));
  placed.sort((a, b) => a.top - b.top);
  return placed.map(({ cell }) => cell.textContent.trim());
};

function ordered(texts) {
  const number = (text) => Number.parseFloat(text.replace(/[,%]/g, "").replace("−", "-"));
  const known = texts.filter((text) => /^[-−+]?[\d,.]+/.test(text)).map(number);
  const up = known.every((value, at) => at === 0 || known[at - 1] <= value);
  const down = known.every((value, at) => at === 0 || known[at - 1] >= value);
  return { up, down, known: known.length };
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
await mkdir(shots, { recursive: true });
let sorted = 0;
for (const given of files) {
  const file = resolve(given);
  const name = basename(file, ".html");
  for (const [window, viewport] of Object.entries(WINDOWS)) {
    for (const colorScheme of ["light", "dark"]) {
      const where = `${name}, ${window}, ${colorScheme}`;
      const { context, page } = await open(browser, file, { viewport, colorScheme }, where);
      await accessible(page, where);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (wide > 0) wrong(where, `the page is ${wide} px wider than its window`);
      await page.screenshot({ path: join(shots, `${name}-${window}-${colorScheme}.png`), fullPage: true });
      await context.close();
    }
  }
  // With script: a header is a button that sorts up, then down, and says so.
  {
    const where = `${name}, sorting`;
    const { context, page } = await open(browser, file, { viewport: WINDOWS.laptop }, where);
    const buttons = await page.$$("table th button");
    for (const button of buttons) {
      if (!(await button.isVisible())) continue;
      const column = await button.evaluate((b) => b.closest("th").cellIndex);
      const table = await button.evaluateHandle((b) => b.closest("table"));
      for (const direction of ["ascending", "descending"]) {
        await button.click();
        const said = await button.evaluate((b) => b.closest("th").getAttribute("aria-sort"));
        const values = ordered(await table.evaluate(seen, column));
        if (values.known < 3 || (values.up && values.down)) continue;
        sorted += 1;
        if (said === null || said === "none") wrong(where, `column ${column} does not say that it is sorted`);
        if (!(said === "descending" ? values.down : values.up)) wrong(where, `column ${column} is not ${direction}`);
      }
    }
    await context.close();
  }
  // Charts say what they show, and their numbers stand beneath.
  {
    const where = `${name}, charts`;
    const { context, page } = await open(browser, file, { viewport: WINDOWS.laptop }, where);
    const mute = await page.$$eval("figure", (figures) =>
      figures
        .filter((figure) => figure.querySelector("svg.chart"))
        .filter((f) => !f.querySelector("svg title") || !f.querySelector("svg desc") || !f.querySelector("table"))
        .map((figure) => figure.textContent.slice(0, 60)),
    );
    for (const figure of mute) wrong(where, `no title, description or data table: ${figure}`);
    await context.close();
  }
  // Without script everything is there, too.
  {
    const where = `${name}, without script`;
    const { context, page } = await open(browser, file, { viewport: WINDOWS.laptop, javaScriptEnabled: false }, where);
    const tables = await page.locator("table").count();
    if (tables === 0) wrong(where, "there is no table");
    await context.close();
  }
  // On paper: light colours, whatever the screen has.
  for (const format of ["A4", "Letter"]) {
    const where = `${name}, ${format}`;
    const { context, page } = await open(browser, file, { colorScheme: "dark" }, where);
    await page.emulateMedia({ media: "print" });
    const ink = await page.evaluate(() => getComputedStyle(document.body).color);
    const [red, green, blue] = ink.match(/\d+/g).map(Number);
    if (red + green + blue > 300) wrong(where, `the ink is ${ink}, which is pale on paper`);
    const pdf = await page.pdf({ path: join(shots, `${name}-${format}.pdf`), format, printBackground: true });
    if (!pdf.subarray(0, 5).equals(Buffer.from("%PDF-"))) wrong(where, "no PDF came out");
    await context.close();
  }
}
await browser.close();
if (sorted === 0) wrong("all files", "no table could be sorted");
for (const problem of problems) console.error(problem);
console.log(`${files.length} files, ${sorted} sorted columns, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);

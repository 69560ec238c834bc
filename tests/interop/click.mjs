#!/usr/bin/env node
// A person at a real browser: opens the address given, fills in what is asked, and tells the test
// how the last page looked. Used as BROWSER. Tells it on stdout where no port is named.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

const deps = createRequire(new URL('../../.deps/npm/package.json', import.meta.url));
const { chromium } = deps('playwright-core');

const PATIENCE = 60_000;
const MAX_PAGES = 12;

const decline = process.env.INTEROP_DECISION === 'decline';
const userCode = process.env.INTEROP_USER_CODE;
// `HOST ADDRESS:PORT`: where a relay page is served under that name, with a certificate that nobody signed.
const relay = process.env.INTEROP_RELAY;

function findBrowser() {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    for (const folder of process.env.PATH.split(delimiter)) {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch { /* not here */ }
    }
  }
  throw new Error('no Chromium in PATH');
}

// One page: types what it asks for, then presses its button and waits for the next page.
async function answer(page) {
  for (const [field, text] of [
    ['input[name=login]', process.env.INTEROP_LOGIN ?? 'ada'],
    ['input[name=password]', 'any'],
    ['input[type=text][name=user_code]', userCode],
  ]) {
    if (await page.locator(field).count()) await page.locator(field).fill(text);
  }
  const button = decline
    ? page.locator('a[href$="/abort"], button[value=deny]')
    : page.locator('button[type=submit], button[value=approve]');
  await Promise.all([page.waitForNavigation({ timeout: PATIENCE }), button.first().click()]);
}

// What the back button leads to.
async function back(context, page) {
  const session = await context.newCDPSession(page);
  const { entries } = await session.send('Page.getNavigationHistory');
  return entries.map((entry) => entry.url);
}

// What the history page of the browser lists: visits at which a chain of redirects ended.
function history(profile) {
  const chainEnd = 0x20000000;
  const query = `SELECT urls.url FROM visits JOIN urls ON urls.id = visits.url WHERE visits.transition & ${chainEnd}`;
  const text = execFileSync('sqlite3', [join(profile, 'Default', 'History'), query], { encoding: 'utf8' });
  return text.split('\n').filter(Boolean);
}

// What the relay's page says, until it has sent the browser on or is known not to.
async function passOn(page) {
  const text = await page.locator('body').innerText();
  const field = page.locator('textarea:visible');
  const toCopy = (await field.count()) ? await field.inputValue() : null;
  if (toCopy && process.env.INTEROP_COPY) await page.locator('#copy').click();
  // Without an answer there is nothing to wait for but what must not come.
  const patience = toCopy || page.url().includes('127.0.0.1') ? 4_000 : 2_000;
  const left = [
    page.waitForURL(/\/done$/, { timeout: patience }),
    page.waitForEvent('requestfailed', { timeout: patience }),
  ];
  for (const one of left) one.catch(() => null);
  await Promise.any(left).catch(() => null);
  return { text, to_copy: toCopy, stayed: page.url().startsWith('https://') };
}

async function visit(address) {
  const profile = mkdtempSync(join(process.env.HOME, 'profile-'));
  let report;
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findBrowser(),
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Nothing leaves this machine: the server's pages ask for fonts.
      `--host-resolver-rules=${relay ? `MAP ${relay}, ` : ''}MAP *.* ~NOTFOUND, EXCLUDE 127.0.0.1`,
      ...(relay ? ['--ignore-certificate-errors'] : []),
    ],
  });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const pages = [];
    let leftFor = null;
    page.on('requestfailed', (request) => { if (request.isNavigationRequest()) leftFor = request.url(); });
    // What stands in the address line, also of a page that cannot be loaded.
    let unreachable;
    page.on('request', (request) => {
      if (request.isNavigationRequest()) unreachable = request.url();
    });
    await page.goto(address);
    while (await page.locator('form').count()) {
      pages.push(new URL(page.url()).pathname);
      if (pages.length === MAX_PAGES) throw new Error(`no end after ${pages.join(' ')}`);
      try {
        await answer(page);
      } catch (error) {
        if (String(error).includes('net::ERR_')) return { text: '', unreachable, pages };
        throw error;
      }
    }
    const passing = relay ? await passOn(page) : null;
    const text = await page.locator('body').innerText();
    report = {
      text,
      path: new URL(page.url()).pathname,
      pages,
      back: await back(context, page),
      left_for: leftFor,
      relay: passing,
    };
  } finally {
    await context.close();
  }
  return { ...report, history: history(profile) };
}

const report = await visit(process.argv[2]).catch((error) => ({ error: String(error.stack) }));
const port = process.env.INTEROP_REPORT_PORT;
if (port) connect(Number(port), '127.0.0.1').end(JSON.stringify(report));
else console.log(JSON.stringify(report));

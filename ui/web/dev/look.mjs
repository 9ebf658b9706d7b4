// What is looked at on a page in Chromium, whatever page it is: the walk on the mock server and the
// scenarios in the real app share it.

import axe from 'axe-core';

/** Resolves when the page shows what it has to show: no place of something that loads, nothing that moves. */
export async function settled(frame, { loading = false } = {}) {
  // A page has its heading before its data: what stands here without one still waits for the page's program.
  await frame.locator('main h1').first().waitFor();
  if (!loading) await frame.waitForFunction(() => !document.querySelector('main [data-skeleton]'), undefined, { timeout: 15_000 });
  await frame.evaluate(async () => {
    await document.fonts.ready;
    const finite = document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity);
    // Of an element that is not drawn, such as a file's input behind its label, one may never finish.
    const long = new Promise((resolve) => setTimeout(resolve, 500));
    await Promise.race([long, Promise.all(finite.map((a) => a.finished.catch(() => undefined)))]);
  });
}

/** What axe-core finds wrong. It is evaluated by the debugger: the page's policy lets in no script of ours. */
export async function axeProblems(frame) {
  await frame.evaluate(axe.source);
  return frame.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap((v) => v.nodes.map((n) => `axe ${v.id}: ${n.html.slice(0, 160)} ${(n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? v.help}`));
  });
}

/** What does not fit: the page beyond its window, tabs and tables that are cut. Runs in the frame. */
export function fitProblems(frame) {
  return frame.evaluate(() => {
    const problems = [];
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (wide > 0) problems.push(`the page is ${wide} px too wide`);
    const seen = (el) => el.checkVisibility() && el.getBoundingClientRect().width > 0;
    for (const tab of document.querySelectorAll('[role=tab], nav a')) {
      const r = tab.getBoundingClientRect();
      if (seen(tab) && (r.left < -1 || r.right > innerWidth + 1)) problems.push(`cut: ${tab.tagName} "${tab.textContent}"`);
    }
    for (const table of document.querySelectorAll('table')) {
      for (let el = table.parentElement; el && seen(table); el = el.parentElement) {
        if (el.getAttribute('role') === 'region' && el.tabIndex === 0) break; // a sample of a file, which can be scrolled by keys
        if (el.scrollWidth > el.clientWidth + 1 && getComputedStyle(el).overflowX !== 'visible') {
          problems.push(`cut: table "${table.getAttribute('aria-label') ?? table.caption?.textContent ?? ''}" by ${el.scrollWidth - el.clientWidth} px`);
          break;
        }
      }
    }
    return problems;
  });
}

/**
 * Tabs through the whole page: every stop shows a ring of 3:1, lies in the window and under no bar, and the
 * last leads out. page is who presses the keys, frame where the panel is.
 */
export async function focusProblems(page, frame, most = 150) {
  const problems = new Set();
  await frame.evaluate(() => {
    document.activeElement?.blur();
    scrollTo(0, 0);
  });
  let first;
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab');
    const stop = await frame.evaluate(lookAtFocus);
    if (!stop) return [...problems];
    if (stop.id === first) return [...problems];
    first ??= stop.id;
    for (const p of stop.problems) problems.add(`${p}: ${stop.name}`);
  }
  problems.add(`more than ${most} stops: the focus does not get out`);
  return [...problems];
}

/**
 * What is wrong with where the focus is in a dialog that was opened: it is inside, and stays there while
 * step (Tab, or an arrow in a menu) goes round; each stop shows that it has it.
 */
export async function roundProblems(page, frame, { within, goesRound = true, step = 'Tab' }, most = 60) {
  const problems = new Set();
  const inside = () => frame.evaluate((selector) => [...document.querySelectorAll(selector)].some((box) => box.contains(document.activeElement)), within);
  if (!(await inside())) problems.add('the focus is not in it');
  if (!goesRound) return [...problems];
  const seen = new Set();
  for (let i = 0; i < most; i++) {
    await page.keyboard.press(step);
    const stop = await frame.evaluate(lookAtFocus);
    if (!stop || !(await inside())) return [...problems, `the focus leaves it for ${stop?.name ?? 'the page'}`];
    if (seen.has(stop.id)) return [...problems];
    seen.add(stop.id);
    for (const p of stop.problems) problems.add(`${p}: ${stop.name}`);
  }
  return [...problems, `more than ${most} stops`];
}

/** The focused element: what it is, and what is wrong with how it shows. Runs in the frame. */
async function lookAtFocus() {
  const el = document.activeElement;
  if (!el || el === document.body || el === document.documentElement) return null;
  window.lookIds ??= new Map();
  if (!window.lookIds.has(el)) window.lookIds.set(el, window.lookIds.size);
  const finite = document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity);
  await Promise.race([new Promise((resolve) => setTimeout(resolve, 500)), Promise.all(finite.map((a) => a.finished.catch(() => undefined)))]);
  const problems = [];
  const luminance = (rgb) => {
    const [r, g, b] = rgb.match(/[\d.]+/g).map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const opaque = (start) => {
    for (let e = start; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (!/^rgba\(.*, 0\)$/.test(c)) return c;
    }
    return 'rgb(255, 255, 255)';
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m);
    return (x + 0.05) / (y + 0.05);
  };
  // A control that is drawn by another element (a checkbox's box) shows its ring there.
  const candidates = [el, el.nextElementSibling, el.parentElement].filter(Boolean);
  const ringed = candidates.find((e) => {
    const s = getComputedStyle(e);
    return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 && e.getBoundingClientRect().width > 2;
  });
  if (!ringed) problems.push('no focus ring');
  else if (contrast(getComputedStyle(ringed).outlineColor, opaque(ringed.parentElement)) < 3) problems.push('a focus ring below 3:1');
  const r = (ringed ?? el).getBoundingClientRect();
  if (r.bottom < 0 || r.top > innerHeight || r.right < 0 || r.left > innerWidth) problems.push('focus outside of the window');
  else if (r.width > 2) {
    const x = Math.min(innerWidth - 2, Math.max(2, r.left + r.width / 2));
    const y = Math.min(innerHeight - 2, Math.max(2, r.top + Math.min(r.height / 2, 24)));
    const at = document.elementFromPoint(x, y);
    if (at && !(ringed ?? el).contains(at) && !at.contains(ringed ?? el) && !el.contains(at)) problems.push(`focus under ${at.tagName} "${at.textContent.slice(0, 30)}"`);
  }
  return { id: window.lookIds.get(el), name: `${el.tagName} "${(el.getAttribute('aria-label') ?? el.textContent ?? '').trim().slice(0, 50)}"`, problems };
}

/** Before any script of the page: measures how much the page jumps and when its largest part is painted. */
export function measure() {
  window.measured = { cls: 0, lcp: 0, shifts: [] };
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) {
      if (e.hadRecentInput) continue;
      window.measured.cls += e.value;
      window.measured.shifts.push(e.sources?.map((s) => s.node?.textContent?.slice(0, 40)).join(' | '));
    }
  }).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => {
    window.measured.lcp = list.getEntries().at(-1).startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
}

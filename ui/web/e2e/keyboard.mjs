// A person who uses the keyboard alone: Tab until it is there, then Enter or Space. Each stop on the way
// must show that it has the focus.

import assert from 'node:assert/strict';

const mostStops = 120;

export class Keyboard {
  constructor(merchant) {
    this.m = merchant;
    /** How many stops there were. */
    this.stops = 0;
  }

  /** Tabs to a control of the page or of the app's frame. */
  async to(target) {
    await target.waitFor();
    for (let i = 0; i < mostStops; i++) {
      if (await has(target)) return;
      await this.m.page.keyboard.press('Tab');
      await this.#look();
    }
    assert.fail(`${target} is not reached within ${mostStops} stops`);
  }

  /** Tabs to a control and presses a key on it. */
  async use(target, key = 'Enter') {
    await this.to(target);
    await this.m.page.keyboard.press(key);
  }

  /** Tabs to a field and types over what is in it. */
  async type(target, text) {
    await this.to(target);
    await this.m.page.keyboard.press('Control+A');
    await this.m.page.keyboard.insertText(text);
  }

  /** Notes how the focused element looks, and that the one before looked different while it had the focus. */
  async #look() {
    this.stops++;
    const inFrame = await this.m.page.evaluate(() => document.activeElement?.tagName === 'IFRAME');
    const frame = inFrame ? this.m.frame() : this.m.page.mainFrame();
    const unseen = await frame.evaluate(lookAtFocus);
    if (unseen) this.m.watch.problem(`the focus is not visible on ${unseen}`);
  }
}

async function has(target) {
  return (await target.count()) === 1 && target.evaluate((el) => el === document.activeElement && document.hasFocus());
}

/** Returns the element before when it looks the same without the focus. Runs in a frame. */
async function lookAtFocus() {
  const look = (el) =>
    // The mark of focus is on the control, beside it (a hidden radio's circle) or around it (an input's border).
    [el, el.nextElementSibling, el.previousElementSibling, el.parentElement, el.parentElement?.parentElement]
      .filter(Boolean)
      .map((e) => {
        const s = getComputedStyle(e);
        return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor, s.backgroundColor, s.top].join();
      })
      .join('|');
  const rest = async (el) => {
    const near = el.parentElement?.parentElement ?? el;
    await Promise.all(near.getAnimations({ subtree: true }).map((a) => (a.effect?.getComputedTiming().endTime === Infinity ? undefined : a.finished.catch(() => undefined))));
  };
  const last = window.e2eFocus;
  let unseen = '';
  if (last?.el.isConnected && last.el !== document.activeElement) {
    await rest(last.el);
    if (look(last.el) === last.look) unseen = `${last.el.tagName} "${(last.el.getAttribute('aria-label') ?? last.el.textContent).trim().slice(0, 60)}"`;
  }
  const el = document.activeElement;
  window.e2eFocus = undefined;
  if (el && el !== document.body && el.tagName !== 'IFRAME') {
    await rest(el);
    window.e2eFocus = { el, look: look(el) };
  }
  return unseen;
}

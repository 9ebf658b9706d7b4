import axe from 'axe-core';
import { expect } from 'vitest';

/**
 * Fails with what axe-core finds wrong in what is rendered now. jsdom lays nothing out: contrast, sizes and
 * whole pages are looked at in a browser, by dev/walk.mjs.
 */
export async function expectAccessible(root: Element = document.body) {
  const { violations } = await axe.run(root, { rules: { 'color-contrast': { enabled: false }, 'heading-order': { enabled: false }, region: { enabled: false } } });
  expect(violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${v.help}: ${n.html.slice(0, 200)}`))).toEqual([]);
}

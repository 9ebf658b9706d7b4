import { cleanup, configure } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

// Whether an element is visible takes jsdom most of a test's time to work out; the browser tests know.
configure({ defaultHidden: true, asyncUtilTimeout: 5_000 });
afterEach(cleanup);

// jsdom has neither; BigDesign's floating lists and tabs ask for them.
globalThis.ResizeObserver = class {
  observe = () => undefined;
  unobserve = () => undefined;
  disconnect = () => undefined;
};
window.scrollTo = () => undefined;
Element.prototype.scrollIntoView = () => undefined;

// jsdom has no canvas. What the chart is given, and what it does with it, is for the browser's tests.
vi.mock('uplot', () => ({
  default: class {
    static paths = {};
    setData = () => undefined;
    setSize = () => undefined;
    setCursor = () => undefined;
    valToPos = () => 0;
    destroy = () => undefined;
  },
}));

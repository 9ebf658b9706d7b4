import { expect, it } from 'vitest';
import { levelHeadings } from './headings';

it('leaves no level of headings out', () => {
  const root = document.createElement('div');
  root.innerHTML = '<h1>Page</h1><h4>Message</h4><h2>Panel</h2><h4>Message</h4><h3>Part</h3>';
  levelHeadings(root);
  const levels = () => [...root.querySelectorAll('h1, h2, h3, h4')].map((h) => h.getAttribute('aria-level') ?? h.tagName.slice(1));
  expect(levels()).toEqual(['1', '2', '2', '3', '3']);
  root.querySelector('h4')?.remove();
  root.querySelector('h4')?.insertAdjacentHTML('beforebegin', '<h3>New</h3>');
  levelHeadings(root);
  expect(levels()).toEqual(['1', '2', '3', '4', '3']);
});

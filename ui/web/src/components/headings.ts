import { useEffect } from 'react';

/** Gives each heading that leaves out a level the level of its place. */
export function levelHeadings(root: ParentNode) {
  let before = 0;
  for (const heading of root.querySelectorAll<HTMLElement>('h1, h2, h3, h4, h5, h6')) {
    const own = Number(heading.tagName.slice(1));
    const level = Math.min(own, before + 1);
    const said = level === own ? null : String(level);
    if (heading.getAttribute('aria-level') !== said) {
      if (said === null) heading.removeAttribute('aria-level');
      else heading.setAttribute('aria-level', said);
    }
    before = level;
  }
}

/**
 * Keeps the page's headings in order. BigDesign's messages have one of the fourth level wherever they
 * stand, which leaves out levels under a page's title, and it cannot be told another.
 */
export function useHeadingLevels() {
  useEffect(() => {
    const level = () => levelHeadings(document.body);
    const observer = new MutationObserver(level);
    observer.observe(document.body, { childList: true, subtree: true });
    level();
    return () => observer.disconnect();
  }, []);
}

import { GlobalStyles } from '@bigcommerce/big-design';
import { createTheme } from '@bigcommerce/big-design-theme';
import { Component, type ReactNode } from 'react';
import { createGlobalStyle, ThemeProvider } from 'styled-components';
import { text } from '../text';
import { Notice } from './Notice';

const theme = createTheme();

const PanelStyles = createGlobalStyle`
  body {
    background-color: ${theme.colors.secondary10};
    color: ${theme.colors.secondary70};
    margin: 0;
  }

  *, *::before, *::after {
    box-sizing: border-box;
  }

  /* What a sticky bar would cover is scrolled clear of it when it gets the focus. */
  html {
    scroll-padding-block: 1rem 6rem;
  }

  main:focus {
    outline: none;
  }

  /* One ring for all that has the keyboard's focus, at more than 3:1 on every background of the panel.
     A box is drawn behind an input that nobody sees; a date has a button inside. */
  :focus-visible:not(main, h1, h2),
  input[type='date']:focus-within,
  input[type='time']:focus-within,
  input[type='checkbox']:focus-visible + *,
  input[type='radio']:focus-visible + * {
    outline: 2px solid ${theme.colors.primary60} !important;
    outline-offset: 2px;
  }

  @media (prefers-reduced-motion: reduce) {
    *, *::before, *::after {
      animation-duration: 0.01ms !important;
      animation-iteration-count: 1 !important;
      scroll-behavior: auto !important;
      transition-duration: 0.01ms !important;
    }
  }
`;

/** Theme and global styles, for the panel and for the pages that stand in its place. */
export function Frame({ children }: { children: ReactNode }) {
  return (
    <ThemeProvider theme={theme}>
      <GlobalStyles />
      <PanelStyles />
      <Boundary>{children}</Boundary>
    </ThemeProvider>
  );
}

class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return <Notice heading={text.shell.crashed.heading} message={text.shell.crashed.message} />;
  }
}

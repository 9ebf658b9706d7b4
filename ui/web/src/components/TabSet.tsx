import { Box, Tabs } from '@bigcommerce/big-design';
import { type KeyboardEvent, type ReactNode, useLayoutEffect } from 'react';
import styled from 'styled-components';

/* Tabs that do not fit stand in a second line: none is cut. */
const Lines = styled.div`
  padding: 2px;

  [role='tablist'] {
    flex-wrap: wrap;
    overflow: visible;
  }
`;

interface Props<T extends string> {
  label: string;
  items: { id: T; title: string }[];
  active: T;
  onChange: (id: T) => void;
  children: ReactNode;
}

/** BigDesign's tabs with the panel they control, and arrow keys between them. */
export function TabSet<T extends string>({ label, items, active, onChange, children }: Props<T>) {
  // BigDesign's Tabs take the active tab out of the Tab order and leave the others in; it is meant the
  // other way round: Tab reaches the active one, arrow keys the others.
  useLayoutEffect(() => {
    for (const { id } of items) {
      const tab = document.getElementById(id);
      if (tab) tab.tabIndex = id === active ? 0 : -1;
    }
  }, [active, items]);
  const panelId = (id: string) => `panel-${id}`;
  const onKeyDown = (e: KeyboardEvent<HTMLDivElement>) => {
    const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    e.preventDefault();
    const at = items.findIndex((i) => i.id === active);
    const next = items[(at + step + items.length) % items.length];
    if (!next) return;
    onChange(next.id);
    document.getElementById(next.id)?.focus();
  };
  return (
    <>
      <Lines onKeyDown={onKeyDown}>
        <Tabs
          activeTab={active}
          aria-label={label}
          items={items.map((i) => ({ ...i, ariaControls: panelId(i.id) }))}
          onTabClick={(id) => onChange(id as T)}
        />
      </Lines>
      <Box aria-labelledby={active} id={panelId(active)} marginTop="medium" role="tabpanel">
        {children}
      </Box>
    </>
  );
}

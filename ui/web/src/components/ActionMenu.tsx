import { Button, Popover, Small } from '@bigcommerce/big-design';
import { type KeyboardEvent, type ReactElement, useEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import styled from 'styled-components';

export interface MenuAction {
  text: string;
  onClick: () => void;
  disabled?: boolean;
  /** Why it is disabled. */
  reason?: string;
  destructive?: boolean;
}

const Group = styled.ul`
  list-style: none;
  margin: 0;
  padding: 0;

  & + & {
    border-top: ${({ theme }) => theme.border.box};
    margin-top: ${({ theme }) => theme.spacing.xSmall};
    padding-top: ${({ theme }) => theme.spacing.xSmall};
  }
`;

const Item = styled.button<{ $destructive: boolean }>`
  background: none;
  border: 0;
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  color: ${({ theme, $destructive }) => ($destructive ? theme.colors.danger60 : theme.colors.secondary70)};
  cursor: pointer;
  font: inherit;
  max-width: 18rem;
  padding: ${({ theme }) => theme.spacing.xSmall};
  text-align: left;
  width: 100%;

  &:hover:not(:disabled) {
    background-color: ${({ theme }) => theme.colors.secondary10};
  }

  &:disabled {
    color: ${({ theme }) => theme.colors.secondary60};
    cursor: not-allowed;
  }
`;

interface Props {
  /** What the menu is of: the name of its list, and of its button where that shows an icon. */
  label: string;
  /** What the button shows. */
  text?: string;
  icon?: ReactElement;
  groups: MenuAction[][];
  busy?: boolean;
}

/**
 * A button with a list of actions. BigDesign's Dropdown is not used: its button keeps the focus and
 * points at items, which no screen reader takes from a button.
 */
export function ActionMenu({ label, text, icon, groups, busy = false }: Props) {
  const [button, setButton] = useState<HTMLButtonElement | null>(null);
  const [open, setOpen] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (open) list.current?.querySelector<HTMLElement>('button:not(:disabled)')?.focus({ preventScroll: true });
  }, [open]);
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key === 'Tab') setOpen(false); // the focus goes on from the menu's button
    const step = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    e.preventDefault();
    const items = [...(list.current?.querySelectorAll<HTMLElement>('button:not(:disabled)') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    items[(at + step + items.length) % items.length]?.focus();
  };
  return (
    <>
      <Button aria-label={label} iconOnly={icon} isLoading={busy} mobileWidth="auto" onClick={() => setOpen(!open)} ref={setButton} variant="subtle">
        {text}
      </Button>
      {createPortal(
        <Popover anchorElement={button} isOpen={open} label="" onClose={() => setOpen(false)} placement="bottom-end">
          {/* The popover has no role, though it tells its button that it is a dialog: a name would be none of its. */}
          <div aria-label={label} onKeyDown={onKeyDown} ref={list} role="dialog">
            {groups.map((actions) => (
              <Group key={actions[0]?.text}>
                {actions.map((a) => (
                  <li key={a.text}>
                    <Item
                      $destructive={a.destructive ?? false}
                      disabled={a.disabled}
                      onClick={() => {
                        setOpen(false);
                        a.onClick();
                      }}
                      type="button"
                    >
                      {a.text}
                      {a.disabled && a.reason ? <Small marginBottom="none">{a.reason}</Small> : null}
                    </Item>
                  </li>
                ))}
              </Group>
            ))}
          </div>
        </Popover>,
        document.body,
      )}
    </>
  );
}

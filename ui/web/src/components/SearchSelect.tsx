import { Input } from '@bigcommerce/big-design';
import { ArrowDropDownIcon } from '@bigcommerce/big-design-icons';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import styled from 'styled-components';
import { searchText } from '../texts/search';

// BigDesign's Select filters by how an option begins. A merchant who looks for "price" wants what has it anywhere, and under any of its names.

export interface SearchOption {
  value: string;
  label: string;
  /** Shown under the label, and searched too. */
  hint?: string;
  /** Searched, not shown. */
  also?: string[];
}

export interface SearchGroup {
  label: string;
  options: SearchOption[];
}

interface Props {
  label: string;
  groups: SearchGroup[];
  value: string;
  placeholder: string;
  /** What stands there if the value is no option. */
  shown?: string;
  error?: string;
  autoFocus?: boolean;
  onChange: (value: string) => void;
  /** The list is closed without a choice; escaped: by the key, so that the focus is to go on where it was. */
  onClose?: (escaped: boolean) => void;
}

const mostShown = 200; // more nobody reads; typing narrows the list

/** A choice out of a long list, by typing any part of any name of it. */
export function SearchSelect({ label, groups, value, placeholder, shown = '', error, autoFocus = false, onChange, onClose }: Props) {
  const id = useId();
  const [query, setQuery] = useState<string>(); // undefined: closed
  const [marked, setMarked] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const open = query !== undefined;
  const found = useMemo(() => (open ? search(groups, query) : noneFound), [groups, open, query]);
  const options = found.groups.flatMap((g) => g.options);
  const at = Math.max(0, options.findIndex((o) => o.value === marked));
  const current = groups.flatMap((g) => g.options).find((o) => o.value === value)?.label ?? shown;
  const optionId = (o: SearchOption) => `${id}-${options.indexOf(o)}`;

  const show = () => {
    if (open) return;
    setMarked(value);
    setQuery('');
  };
  const close = (escaped: boolean) => {
    setQuery(undefined);
    onClose?.(escaped);
  };
  const choose = (o: SearchOption | undefined) => {
    if (!o) return;
    setQuery(undefined);
    onChange(o.value);
  };
  const move = (to: number) => {
    const next = options[(to + options.length) % options.length];
    if (next) setMarked(next.value);
  };
  useEffect(() => {
    if (open) list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [open, at]);

  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault();
      if (!open) show();
      else move(at + (e.key === 'ArrowDown' ? 1 : -1));
    } else if (e.key === 'Enter' && open) {
      e.preventDefault();
      choose(options[at]);
    } else if (e.key === 'Escape' && (open || onClose)) {
      e.stopPropagation();
      close(true);
    }
  };
  const marking = options[at];
  return (
    <Root
      onBlur={(e) => {
        if (open && !e.currentTarget.contains(e.relatedTarget)) close(false);
      }}
    >
      <Input
        aria-activedescendant={open && marking ? optionId(marking) : undefined}
        aria-autocomplete="list"
        aria-controls={open ? `${id}-list` : undefined}
        aria-expanded={open}
        aria-label={label}
        autoCapitalize="off"
        autoComplete="off"
        autoCorrect="off"
        autoFocus={autoFocus}
        error={error}
        iconRight={<ArrowDropDownIcon aria-hidden color="secondary60" />}
        onChange={(e) => {
          setQuery(e.target.value);
          setMarked('');
        }}
        onClick={show}
        onKeyDown={onKeyDown}
        placeholder={open ? current || placeholder : placeholder}
        role="combobox"
        spellCheck={false}
        value={open ? query : current}
      />
      {open ? (
        <List aria-label={label} id={`${id}-list`} onMouseDown={(e) => e.preventDefault()} ref={list} role="listbox">
          {found.groups.map((g) => (
            <div aria-label={g.label} key={g.label} role="group">
              <GroupName aria-hidden>{g.label}</GroupName>
              {g.options.map((o) => (
                <Option aria-selected={o === marking} id={optionId(o)} key={o.value} onClick={() => choose(o)} onMouseMove={() => setMarked(o.value)} role="option">
                  {o.label}
                  {o.hint ? <Hint>{o.hint}</Hint> : null}
                </Option>
              ))}
            </div>
          ))}
          {options.length === 0 ? <Note role="presentation">{searchText.none}</Note> : null}
          {found.left > 0 ? <Note role="presentation">{searchText.more(String(found.left))}</Note> : null}
        </List>
      ) : null}
    </Root>
  );
}

const noneFound = { groups: [] as SearchGroup[], left: 0 };

/** The options that have every word of the query in one of their names. */
function search(groups: SearchGroup[], query: string): { groups: SearchGroup[]; left: number } {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  let room = mostShown;
  let left = 0;
  const out: SearchGroup[] = [];
  for (const g of groups) {
    const all = g.options.filter((o) => {
      const names = [o.label, o.hint ?? '', ...(o.also ?? [])].join('\n').toLowerCase();
      return words.every((w) => names.includes(w));
    });
    const options = all.slice(0, room);
    room -= options.length;
    left += all.length - options.length;
    if (options.length > 0) out.push({ label: g.label, options });
  }
  return { groups: out, left };
}

const Root = styled.div`
  position: relative;
`;

const List = styled.div`
  background-color: ${({ theme }) => theme.colors.white};
  border: ${({ theme }) => theme.border.box};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  ${({ theme }) => theme.shadow.raised}
  left: 0;
  max-height: 20rem;
  max-width: min(32rem, calc(100vw - 3rem));
  min-width: 100%;
  overflow-y: auto;
  padding: ${({ theme }) => theme.spacing.xxSmall} 0;
  position: absolute;
  scroll-margin: 5rem;
  top: 100%;
  width: max-content;
  z-index: ${({ theme }) => theme.zIndex.popover};
`;

const GroupName = styled.div`
  color: ${({ theme }) => theme.colors.secondary60};
  font-size: ${({ theme }) => theme.typography.fontSize.small};
  font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
  padding: ${({ theme }) => `${theme.spacing.xSmall} ${theme.spacing.small} ${theme.spacing.xxSmall}`};
`;

const Option = styled.div`
  cursor: pointer;
  line-height: ${({ theme }) => theme.lineHeight.medium};
  overflow-wrap: anywhere;
  padding: ${({ theme }) => `${theme.spacing.xxSmall} ${theme.spacing.small}`};

  &[aria-selected='true'] {
    background-color: ${({ theme }) => theme.colors.primary10};
    color: ${({ theme }) => theme.colors.primary60};
  }
`;

const Hint = styled.small`
  color: ${({ theme }) => theme.colors.secondary60};
  display: block;
  font-size: ${({ theme }) => theme.typography.fontSize.small};
  line-height: ${({ theme }) => theme.lineHeight.small};
`;

const Note = styled.div`
  color: ${({ theme }) => theme.colors.secondary60};
  padding: ${({ theme }) => `${theme.spacing.xxSmall} ${theme.spacing.small}`};
`;

import { Box, Button, Flex, FormGroup, Input } from '@bigcommerce/big-design';
import { AddIcon } from '@bigcommerce/big-design-icons';
import { useMemo, useState } from 'react';
import type { TargetField } from '../../api/types';
import { matchingText } from '../../texts/matching';
import { useApp } from '../app';
import { SearchSelect } from '../SearchSelect';
import { fieldGroups } from './names';

interface Props {
  targets: TargetField[];
  /** Names of the fields that have a line. */
  mapped: string[];
  onAdd: (name: string) => void;
}

/** Adds a line for a field: one of the list, or one that the merchant names. */
export function AddField({ targets, mapped, onAdd }: Props) {
  const t = matchingText;
  const [open, setOpen] = useState(false);
  const [returned, setReturned] = useState(false);
  const [family, setFamily] = useState<TargetField>();
  const free = useMemo(() => targets.filter((f) => !mapped.includes(f.name)), [targets, mapped]);
  const groups = useMemo(() => fieldGroups(free), [free]);
  const add = (name: string) => {
    setOpen(false);
    setFamily(undefined);
    onAdd(name);
  };
  if (family) {
    return (
      <NameField
        family={family}
        mapped={mapped}
        onAdd={add}
        onCancel={() => {
          setFamily(undefined);
          setReturned(true);
        }}
      />
    );
  }
  if (!open) {
    return (
      <Flex flexDirection="row" marginVertical="medium">
        <Button autoFocus={returned} disabled={free.length === 0} iconLeft={<AddIcon aria-hidden />} mobileWidth="auto" onClick={() => setOpen(true)} type="button" variant="secondary">
          {t.addField}
        </Button>
      </Flex>
    );
  }
  return (
    <Box marginVertical="medium">
      <SearchSelect
        autoFocus
        groups={groups}
        label={t.addFieldLabel}
        onChange={(name) => {
          const chosen = free.find((f) => f.name === name);
          if (chosen?.family) {
            setOpen(false);
            setFamily(chosen);
          } else {
            add(name);
          }
        }}
        onClose={(escaped) => {
          setOpen(false);
          setReturned(escaped);
        }}
        placeholder={t.addFieldPlaceholder}
        value=""
      />
    </Box>
  );
}

interface NameProps {
  family: TargetField;
  mapped: string[];
  onAdd: (name: string) => void;
  onCancel: () => void;
}

/** Asks for the name of a field of a family. */
function NameField({ family, mapped, onAdd, onCancel }: NameProps) {
  const { format } = useApp();
  const t = matchingText;
  const [typed, setTyped] = useState('');
  const name = typed.trim();
  const same = mapped.filter((m) => m.startsWith(family.name));
  const { label, most, max_length: longest } = family.family ?? { label: '', most: 0, max_length: 0 };
  const error =
    same.length >= most
      ? t.nameMost(format.number(most))
      : Array.from(name).length > longest
        ? t.nameOver(format.number(longest))
        : same.some((m) => m.slice(family.name.length).toLowerCase() === name.toLowerCase())
          ? t.nameTaken
          : undefined;
  const submit = () => {
    if (name !== '' && !error) onAdd(family.name + name);
  };
  return (
    <Box marginVertical="medium">
      <FormGroup>
        <Input
          autoComplete="off"
          autoFocus
          error={error}
          label={label}
          onChange={(e) => setTyped(e.target.value)}
          onKeyDown={(e) => {
            if (e.key === 'Enter') {
              e.preventDefault();
              submit();
            }
          }}
          value={typed}
        />
      </FormGroup>
      <Flex flexDirection="row" flexGap="0.5rem" marginTop="small">
        <Button disabled={name === '' || error !== undefined} mobileWidth="auto" onClick={submit} type="button" variant="secondary">
          {t.addNamed}
        </Button>
        <Button mobileWidth="auto" onClick={onCancel} type="button" variant="subtle">
          {t.cancel}
        </Button>
      </Flex>
    </Box>
  );
}

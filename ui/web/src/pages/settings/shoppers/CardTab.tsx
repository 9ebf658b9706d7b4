import { Box, Button, Flex, FormGroup, Input, Panel, Select, Text } from '@bigcommerce/big-design';
import { AddIcon, ArrowDownwardIcon, ArrowUpwardIcon, DeleteIcon } from '@bigcommerce/big-design-icons';
import { useState } from 'react';
import styled from 'styled-components';
import type { CardFormat, Storefront } from '../../../api/types';
import { ActionButtons } from '../../../components/ActionButtons';
import { useAccess } from '../../../components/app';
import { Quiet } from '../../../components/Feedback';
import { Permitted } from '../../../components/states/ReadOnly';
import { useUnsaved } from '../../../components/states/Unsaved';
import { text } from '../../../text';
import { shoppersText } from '../../../texts/shoppers';
import { type CardLine, keyProblems, moved, newCardLine, sameFields, toCardFields, toCardLines } from './cardLines';
import { CardPreview } from './CardPreview';
import { useSaveSettings } from './useSaveSettings';

const t = shoppersText.card;
const mostFields = 20; // the server's bound

const Lines = styled.ol`
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Line = styled.li`
  align-items: start;
  border-bottom: ${({ theme }) => theme.border.box};
  display: grid;
  gap: ${({ theme }) => `${theme.spacing.xSmall} ${theme.spacing.small}`};
  padding: ${({ theme }) => theme.spacing.small} 0;

  & > * {
    margin: 0;
    max-width: none;
    min-width: 0;
  }

  ${({ theme }) => theme.breakpoints.tablet} {
    grid-template-columns: minmax(8rem, 3fr) minmax(8rem, 3fr) minmax(7rem, 2fr) auto;
  }
`;

/** Which of an account's fields a shopper sees, in which order and how, beside what it looks like. */
export function CardTab({ storefront }: { storefront: Storefront }) {
  const access = useAccess();
  const save = useSaveSettings();
  const saved = storefront.settings.card_fields;
  const [lines, setLines] = useState(() => toCardLines(saved));
  const [showErrors, setShowErrors] = useState(false);
  const fields = toCardFields(lines);
  const problems = keyProblems(lines);
  const unlabelled = lines.filter((l) => l.label.trim() === '');
  const dirty = !sameFields(fields, saved);
  useUnsaved(dirty);
  const edit = (id: number, part: Partial<CardLine>) => setLines((all) => all.map((l) => (l.id === id ? { ...l, ...part } : l)));
  const submit = () => {
    setShowErrors(true);
    if (problems.size > 0 || unlabelled.length > 0) return;
    save.mutate({ ...storefront.settings, card_fields: fields }, { onSuccess: () => setShowErrors(false) });
  };
  const seen = storefront.field_keys ?? [];
  return (
    <>
      <Panel
        badge={dirty ? { label: shoppersText.unsaved, variant: 'warning' } : undefined}
        description={t.description}
        header={t.header}
      >
        <Text color="secondary60">{seen.length > 0 ? t.seen(seen.join(', ')) : t.unseen}</Text>
        <datalist id="card-keys">
          {seen.map((key) => (
            <option key={key} value={key} />
          ))}
        </datalist>
        {lines.length === 0 ? <Quiet>{t.none}</Quiet> : null}
        <Lines>
          {lines.map((line, i) => (
            <EditorLine
              disabled={!access.allowed}
              first={i === 0}
              key={line.id}
              last={i === lines.length - 1}
              line={line}
              number={i + 1}
              onEdit={(part) => edit(line.id, part)}
              onMove={(by) => setLines((all) => moved(all, line.id, by))}
              onRemove={() => setLines((all) => all.filter((l) => l.id !== line.id))}
              problem={showErrors || problems.get(line.id) === 'repeated' ? problems.get(line.id) : undefined}
              showErrors={showErrors}
            />
          ))}
        </Lines>
        <Permitted>
          <Box marginTop="medium">
            <ActionButtons
              actions={[
                {
                  text: t.add,
                  disabled: !access.allowed || lines.length >= mostFields,
                  iconLeft: <AddIcon aria-hidden />,
                  onClick: () => setLines((all) => [...all, newCardLine()]),
                  reason: access.reason ?? t.most,
                  variant: 'secondary',
                },
                { text: text.save, disabled: !access.allowed || !dirty, isLoading: save.isPending, onClick: submit, reason: access.reason ?? text.allSaved },
              ]}
            />
          </Box>
        </Permitted>
        <Text color="secondary60" marginTop="medium">
          {t.match}
        </Text>
      </Panel>
      <CardPreview fields={fields.filter((f) => f.key !== '' && f.label !== '')} />
    </>
  );
}

const formats = Object.entries(t.formats).map(([value, content]) => ({ value: value as CardFormat, content }));

interface LineProps {
  line: CardLine;
  number: number;
  first: boolean;
  last: boolean;
  problem: 'required' | 'repeated' | undefined;
  showErrors: boolean;
  disabled: boolean;
  onEdit: (part: Partial<CardLine>) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}

function EditorLine({ line, number, first, last, problem, showErrors, disabled, onEdit, onMove, onRemove }: LineProps) {
  const name = line.label || line.key;
  return (
    <Line>
      <FormGroup>
        <Input
          aria-label={t.keyOf(number)}
          autoCapitalize="off"
          autoComplete="off"
          disabled={disabled}
          error={problem ? t[problem] : undefined}
          list="card-keys"
          maxLength={100}
          onChange={(e) => onEdit({ key: e.target.value })}
          placeholder={t.key}
          spellCheck={false}
          value={line.key}
        />
      </FormGroup>
      <FormGroup>
        <Input
          aria-label={t.labelOf(number)}
          disabled={disabled}
          error={showErrors && line.label.trim() === '' ? t.required : undefined}
          maxLength={100}
          onChange={(e) => onEdit({ label: e.target.value })}
          placeholder={t.label}
          value={line.label}
        />
      </FormGroup>
      <FormGroup>
        <Select aria-label={t.formatOf(number)} disabled={disabled} onOptionChange={(f) => f && onEdit({ format: f })} options={formats} value={line.format} />
      </FormGroup>
      <Permitted>
        <Flex flexDirection="row">
          <Button aria-label={t.up(name)} disabled={disabled || first} iconOnly={<ArrowUpwardIcon aria-hidden />} mobileWidth="auto" onClick={() => onMove(-1)} title={t.up(name)} variant="subtle" />
          <Button aria-label={t.down(name)} disabled={disabled || last} iconOnly={<ArrowDownwardIcon aria-hidden />} mobileWidth="auto" onClick={() => onMove(1)} title={t.down(name)} variant="subtle" />
          <Button aria-label={t.remove(name)} disabled={disabled} iconOnly={<DeleteIcon aria-hidden />} mobileWidth="auto" onClick={onRemove} title={t.remove(name)} variant="subtle" />
        </Flex>
      </Permitted>
    </Line>
  );
}

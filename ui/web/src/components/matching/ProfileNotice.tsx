import { Button, Flex, FlexItem, FormGroup, Input, InlineMessage } from '@bigcommerce/big-design';
import { useState } from 'react';
import type { SuggestedMapping } from '../../api/types';
import { answered } from '../../lib/mapping';
import { matchingText } from '../../texts/matching';

interface Props {
  suggestion: SuggestedMapping;
  onSuggest: (suggestion: SuggestedMapping) => void;
}

/** Says which system a file comes from, what only the merchant can tell of it, and goes without when asked to. */
export function ProfileNotice({ suggestion, onSuggest }: Props) {
  const t = matchingText.profile;
  const [off, setOff] = useState(false);
  const [answers, setAnswers] = useState<Record<string, string>>({});
  const { profile, without } = suggestion;
  const asks = off ? [] : (suggestion.asks ?? []);
  const change = (now: boolean) => {
    setOff(now);
    onSuggest(now && without ? without : answered(suggestion, answers));
  };
  const answer = (name: string, value: string) => {
    const next = { ...answers, [name]: value };
    setAnswers(next);
    onSuggest(answered(suggestion, next));
  };
  return (
    <>
      {profile ? (
        <InlineMessage
          actions={without ? [{ text: off ? t.use : t.without, onClick: () => change(!off) }] : undefined}
          marginBottom="medium"
          messages={[{ text: off ? t.off(profile.label) : [t.looks(profile.label), profile.note].filter(Boolean).join(' ') }]}
          type="info"
        />
      ) : null}
      {asks.map((a) => (
        <Ask ask={a} key={a.name} onAnswer={(value) => answer(a.name, value)} />
      ))}
      {(suggestion.unfit ?? []).length > 0 && (off || !profile) ? (
        <InlineMessage marginBottom="medium" messages={(suggestion.unfit ?? []).map((u) => ({ text: `${u.label}: ${u.message}` }))} type="warning" />
      ) : null}
    </>
  );
}

function Ask({ ask, onAnswer }: { ask: NonNullable<SuggestedMapping['asks']>[number]; onAnswer: (value: string) => void }) {
  const [value, setValue] = useState('');
  return (
    <FormGroup>
      <Flex alignItems="flex-end" flexGap="0.5rem" flexWrap="wrap">
        <FlexItem flexGrow={1}>
          <Input description={ask.help} label={ask.label} onChange={(e) => setValue(e.target.value)} placeholder={ask.example} value={value} />
        </FlexItem>
        <Button disabled={value.trim() === ''} onClick={() => onAnswer(value)} type="button" variant="secondary">
          {matchingText.profile.answer}
        </Button>
      </Flex>
    </FormGroup>
  );
}

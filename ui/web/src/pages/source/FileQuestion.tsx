import { Box, InlineMessage, Select } from '@bigcommerce/big-design';
import type { Format, Inspection } from '../../api/types';
import { sourceText } from '../../texts/source';

interface Props {
  inspection: Inspection;
  onChoose: (part: Partial<Format>) => void;
}

const buttons = 4; // more choices are a list

/** What only the merchant can tell of a file, with what it has to choose from. */
export function FileQuestion({ inspection, onChoose }: Props) {
  const { ask } = inspection;
  if (!ask) return null;
  const t = sourceText.questions[ask];
  const choices =
    ask === 'encoding'
      ? (inspection.readings ?? []).map((r) => ({ value: r.encoding, label: r.label, examples: r.examples ?? [] }))
      : ((ask === 'sheet' ? inspection.sheets : inspection.members) ?? []).filter((c) => !c.hidden).map((c) => ({ value: c.name, label: c.name, examples: c.examples ?? [] }));
  const choose = (value: string) => onChoose({ [ask]: value });
  const few = choices.length <= buttons;
  return (
    <>
      <InlineMessage
        actions={few ? choices.map((c) => ({ text: sourceText.use(c.label), onClick: () => choose(c.value) })) : []}
        header={t.header}
        marginBottom="medium"
        messages={[{ text: t.message }, ...choices.filter((c) => few && c.examples.length > 0).map((c) => ({ text: `${c.label}: ${c.examples.join(', ')}` }))]}
        type="warning"
      />
      {few ? null : (
        <Box marginBottom="medium">
          <Select label={t.label} onOptionChange={choose} options={choices.map((c) => ({ value: c.value, content: [c.label, c.examples.join(', ')].filter(Boolean).join(': ') }))} placeholder={t.choose} value="" />
        </Box>
      )}
    </>
  );
}

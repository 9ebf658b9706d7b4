import { Message, Text } from '@bigcommerce/big-design';
import { text } from '../../text';
import { Fact, Facts } from '../Cells';

const t = text.shell.conflict;

export interface Difference {
  label: string;
  yours: string;
  theirs: string;
}

interface Props {
  /** Where the two differ; empty while that is not known. */
  differences?: Difference[];
  onLoad: () => void;
  isLoading?: boolean;
}

/** Somebody else saved first: both are shown, and theirs is loaded when the user says so. */
export function SavedBySomebodyElse({ differences = [], onLoad, isLoading = false }: Props) {
  return (
    <>
      <Message
        actions={[{ text: t.action, onClick: onLoad, isLoading, variant: 'secondary' }]}
        header={t.header}
        marginBottom="medium"
        messages={[{ text: t.message }]}
        type="warning"
      />
      {differences.length > 0 ? (
        <Facts>
          {differences.map((d) => (
            <Fact key={d.label} name={d.label}>
              <Text marginBottom="none">{t.yours(d.yours)}</Text>
              <Text marginBottom="none">{t.theirs(d.theirs)}</Text>
            </Fact>
          ))}
        </Facts>
      ) : null}
    </>
  );
}

import { Panel, Text } from '@bigcommerce/big-design';
import { useInfiniteQuery } from '@tanstack/react-query';
import { runQueries } from '../../api/queries/runs';
import type { Flow } from '../../api/types';
import { useApp } from '../../components/app';
import { Paged } from '../../components/Feedback';
import { RunTable } from '../../components/RunTable';
import { TextLink } from '../../components/TextLink';
import { flowText } from '../../texts/flow';

/** The runs of one sync. */
export function History({ flow }: { flow: Flow }) {
  const { client } = useApp();
  const t = flowText.history;
  const runs = useInfiniteQuery(runQueries.runs(client, flow.id));
  return (
    <Panel header={t.header}>
      <Paged none={t.none} query={runs}>
        {(items) => <RunTable caption={t.header} named={false} runs={items} />}
      </Paged>
      <Text marginBottom="none" marginTop="medium">
        <TextLink to={`/activity?flow_id=${flow.id}`}>{t.activity}</TextLink>
      </Text>
    </Panel>
  );
}

import { Panel } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { storefrontQueries } from '../../../api/queries/storefront';
import type { Storefront } from '../../../api/types';
import { useApp } from '../../../components/app';
import { CopyField } from '../../../components/CopyField';
import { Loaded } from '../../../components/Feedback';
import { shoppersText } from '../../../texts/shoppers';
import { ProviderForm } from './ProviderForm';

const t = shoppersText.provider;

/** The identity provider of the store's shoppers. */
export function SignOnTab({ storefront }: { storefront: Storefront }) {
  const { client } = useApp();
  const provider = useQuery(storefrontQueries.provider(client));
  const presets = useQuery(storefrontQueries.presets(client));
  return (
    <Loaded query={presets}>
      {(addresses) => (
        <Loaded query={provider}>
          {(p) => (
            <>
              <ProviderForm addresses={addresses} key={p?.version ?? 0} provider={p} />
              {p ? (
                <Panel header={t.addresses.header}>
                  <CopyField label={t.addresses.login} value={storefront.sso.login_url} />
                  <CopyField label={t.addresses.logout} value={storefront.sso.logout_url} />
                </Panel>
              ) : null}
            </>
          )}
        </Loaded>
      )}
    </Loaded>
  );
}

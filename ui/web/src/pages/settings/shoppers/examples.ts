import type { Storefront } from '../../../api/types';
import { headless } from './platform';

export type ExampleName = 'stencil' | 'catalyst' | 'curl' | 'go';

/** The base address of Sluice and the store hash, as the script's address has them: …/storefront/{hash}/sluice.js?v=… */
export function addressesOf(storefront: Storefront): { app: string; hash: string } {
  const url = new URL(storefront.script.url);
  const [before = '', after = ''] = url.pathname.split('/storefront/');
  return { app: url.origin + before, hash: after.split('/')[0] ?? '' };
}

/** Examples that work for this store as they are; what only the merchant knows is in capital letters. */
export function examples(storefront: Storefront): Record<ExampleName, string> {
  const { app, hash } = addressesOf(storefront);
  const channel = storefront.channels.find(headless)?.channel_id ?? 'CHANNEL_ID';
  return {
    stencil: `<div id="sluice-card" hidden></div>
<button id="sluice-sign-in" hidden onclick="Sluice.login(location.pathname)">Sign in</button>
<button id="sluice-sign-out" hidden onclick="Sluice.logout()">Sign out</button>
<script>
  // The script tells who is signed in once somebody asks, and from then on at every change. A page that
  // signs in or out without loading anew says so: document.dispatchEvent(new Event('sluice:refresh'))
  document.addEventListener('sluice:ready', () => Sluice.currentCustomer().catch(console.warn));
  document.addEventListener('sluice:customer', async ({ detail: customer }) => {
    document.getElementById('sluice-sign-in').hidden = !!customer;
    document.getElementById('sluice-sign-out').hidden = !customer;
    const card = customer && (await Sluice.account());
    const box = document.getElementById('sluice-card');
    box.hidden = !card;
    box.replaceChildren(...(card ? card.fields : []).map(({ label, value }) => {
      const line = document.createElement('p');
      line.textContent = \`\${label}: \${value}\`;
      return line;
    }));
  });
</script>`,
    catalyst: `// On the server only: a shopper's browser never sees the key. Sign in and out with plain links, not with <Link>:
// <a href="${app}/sso/${hash}/login?channel_id=${channel}&redirect_to=/account/orders">Sign in</a>
// <a href="${app}/sso/${hash}/logout?channel_id=${channel}&redirect_to=/">Sign out</a>
import 'server-only';
import { getSessionCustomerAccessToken } from '~/auth';
import { client } from '~/client';
import { graphql } from '~/client/graphql';

const Shopper = graphql(\`query Shopper { customer { entityId } }\`);

export async function accountOfShopper() {
  const customerAccessToken = await getSessionCustomerAccessToken();
  if (!customerAccessToken) return null; // a guest
  const { data } = await client.fetch({ document: Shopper, customerAccessToken, fetchOptions: { cache: 'no-store' } });
  if (!data.customer) return null; // signed out meanwhile
  const answer = await fetch(\`${app}/api/v1/customer-accounts?customer_id=\${data.customer.entityId}\`, {
    cache: 'no-store',
    headers: { Authorization: \`Bearer \${process.env.SLUICE_API_KEY}\` },
  });
  if (!answer.ok) throw new Error((await answer.json()).code); // unauthenticated, forbidden …
  const { accounts } = await answer.json();
  return accounts[0] ?? null; // { external_id, fields, … }: show the fields that shoppers may see
}`,
    curl: `# What your system knows of its customers, at most 500 at once
curl -X PUT ${app}/api/v1/customer-accounts \\
  -H "Authorization: Bearer $SLUICE_API_KEY" -H 'Content-Type: application/json' \\
  -d '{"accounts":[{"external_id":"C-1001","customer_id":42,"fields":{"terms":"30 days net","credit_left":"4200.00"}}]}'

# An address that signs a shopper in, once and within 30 seconds
curl -X POST ${app}/api/v1/customer-login \\
  -H "Authorization: Bearer $SLUICE_API_KEY" -H 'Content-Type: application/json' \\
  -d '{"external_id":"C-1001","redirect_to":"/account.php"}'`,
    go: `body, err := json.Marshal(map[string]string{"token": token})
if err != nil {
	return err
}
res, err := http.Post("${app}/storefront/${hash}/current-customer", "application/json", bytes.NewReader(body))
if err != nil {
	return err
}
defer res.Body.Close()
if res.StatusCode != http.StatusOK {
	return fmt.Errorf("the shopper is not known: %s", res.Status)
}
var who struct {
	Customer struct {
		ID    int64  \`json:"id"\`
		Email string \`json:"email"\`
	} \`json:"customer"\`
}
return json.NewDecoder(res.Body).Decode(&who)`,
  };
}

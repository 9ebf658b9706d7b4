import type { Storefront } from '../../api/storefront';

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
    catalyst: `// The shopper's token, from GET /customer/current.jwt?app_client_id=… on the storefront's own address
const answer = await fetch('${app}/storefront/${hash}/current-customer', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ token }),
});
if (!answer.ok) throw new Error((await answer.json()).code); // token_expired, token_invalid, wrong_store …
const { customer, session, account } = await answer.json();
const card = await (await fetch(account, { headers: { Authorization: \`Bearer \${session}\` } })).json();`,
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

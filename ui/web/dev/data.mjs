// The made-up store that the mock server starts with.

const phases = [{ name: 'fetch', share: 2 }, { name: 'plan', share: 8 }, { name: 'match', share: 5 }, { name: 'write', share: 85 }, { name: 'finish', share: 0 }];

// As GET /kinds answers.
export const kinds = [{
  name: 'products', singular: 'product', plural: 'products',
  options: [{
    name: 'repeated_names', type: 'choice', label: 'Products with the same name', help: 'What to do with a product whose name another product has.', default: 'append_sku',
    values: [{ name: 'append_sku', label: 'Add the SKU to the name' }, { name: 'fail', label: 'Refuse the record' }],
  }],
  phases,
}, { name: 'stock', singular: 'stock level', plural: 'stock', options: [], phases }, { name: 'prices', singular: 'price', plural: 'prices', options: [], phases }];

export const header = ['PartNum', 'PartDescription', 'LongDescription', 'ProductGroup', 'Style', 'ListPrice', 'OnHand', 'Audience', 'Season', 'Buyer'];

const parts = [
  ['BAC-6579C22F', 'Adventure-Ready Expedition Backpack', 'Embark on your next outdoor journey with our rugged backpack.', 'accessories', 'backpack', '129.99', '15', 'F', 'AW26', 'kp'],
  ['BAC-2E852905', 'Mauve Leather Daypack', 'This stylish mauve leather daypack combines elegance with functionality.', 'accessories', 'backpack', '149.99', '15', 'F', 'AW26', 'kp'],
  ['BAC-4EC7FF5C', 'Lacy Crochet Summer Backpack', 'Embrace summer vibes with our Lacy Crochet Backpack.', 'accessories', 'backpack', '49,99', '17', 'F', 'AW26', 'kp'],
  ['BAC-7977F680', 'Adventure-Ready Rugged Backpack', 'Crafted from durable khaki canvas.', 'accessories', 'backpack', '89.99', '17', 'F', 'AW26', 'kp'],
  ['WAT-1180AA02', 'Minimal Steel Field Watch', 'A watch for every day.', 'jewelry', 'watch', '219.00', '-5', 'M', 'AW26', 'kp'],
];
export const rows = Array.from({ length: 20 }, (_, i) => parts[i % parts.length]);

export const suggested = {
  fields: [
    { target: 'sku', expression: 'PartNum' },
    { target: 'name', expression: 'PartDescription' },
    { target: 'description', expression: 'LongDescription' },
    { target: 'type', expression: '"physical"' },
    { target: 'weight', expression: '0' },
    { target: 'price', expression: 'ListPrice' },
    { target: 'inventory_level', expression: 'OnHand' },
    { target: 'category', expression: 'path(ProductGroup, Style)' },
  ],
};

export const expressions = {
  words: ['and', 'in', 'not', 'or', 'row'],
  functions: [
    { name: 'number', form: 'number(Price) or number(Price, ",")', help: 'the number in a text; the second form says what its decimal sign is and drops thousands separators' },
    { name: 'trim', form: 'trim(Name)', help: 'without white space around it' },
    { name: 'path', form: 'path(Group, Style)', help: 'a category path, Group > Style; empty parts are left out' },
  ],
  examples: [{ form: '"physical"', help: 'the same text for every row' }],
};


export const store = {
  hash: 'a1b2c3d4', name: 'Harbour Outfitters', domain: 'harbour-outfitters.mybigcommerce.com', secure_url: 'https://harbour-outfitters.mybigcommerce.com',
  plan_name: 'Pro', timezone: 'America/New_York', currency: 'USD', state: 'active', state_reason: '', installed_at: '2026-11-02T09:30:00Z',
};

export const users = [
  { id: 'u1', user_id: 9001, email: 'owner@harbour.example', role: 'owner', last_seen_at: new Date(Date.now() - 120_000).toISOString() },
  { id: 'u2', user_id: 9002, email: 'catalogue.manager@harbour.example', role: 'admin', last_seen_at: new Date(Date.now() - 86_400_000).toISOString() },
  { id: 'u3', user_id: 9003, email: 'agency@example.com', role: 'viewer', last_seen_at: null },
];

export const issues = [
  { line: 17, key: 'BAC-4EC7FF5C', field: 'price', message: 'is not a number', value: '12,50', severity: 'error' },
  { line: 212, key: 'SHO-00A1', field: 'name', message: 'has 300 characters; the limit is 250', value: 'The very long name of a product that somebody pasted from a leaflet, and which goes on and on…', severity: 'error' },
  { line: 430, key: '', field: 'sku', message: 'is empty: every product needs one', value: '', severity: 'error' },
  { line: 731, key: 'WAT-1180AA02', field: 'inventory_level', message: 'is below the smallest value, 0', value: '-5', severity: 'error' },
  { line: 1044, key: '', field: '', message: 'a quotation mark is not closed', value: '"Oak table, 120 cm', severity: 'error' },
  { line: 88, key: 'MUG-2', field: 'name', message: 'another product is called "Blue mug": the SKU was added to the name', value: 'Blue mug', severity: 'warning' },
];

/** Thirty days of what a store's quota did: nightly full runs, small ones by day, another app, and some refusals. */
export function quotaMinutes({ quota, window = 30_000, now = Date.now() }) {
  const permitted = (450 * 60_000) / window;
  const last = Math.floor(now / 60_000) - 2; // the newest have not arrived yet
  const noise = (n) => ((Math.imul(n ^ (n >>> 7), 0x9e3779b1) >>> 0) % 1000) / 1000;
  const out = [];
  for (let m = last - 30 * 1440; m <= last; m++) {
    const ago = last - m;
    const minuteOfDay = m % 1440;
    const night = minuteOfDay >= 120 && minuteOfDay < 165;
    const recent = (ago > 25 && ago < 62) || (ago > 128 && ago < 139);
    const small = minuteOfDay % 30 < 4;
    if (!night && !recent && !small) continue;
    const others = noise(m) > 0.35 ? Math.round(permitted * (recent && ago < 50 ? 0.16 : 0.04) * noise(m + 1)) : 0;
    const full = night || recent;
    const used = Math.min(permitted - others, Math.round(full ? permitted * (0.86 + 0.12 * noise(m + 2)) : 12 + 90 * noise(m + 3)));
    const refused = full && noise(m + 4) > 0.9;
    out.push({
      minute: m, used, others, left_min: Math.max(0, quota - Math.round((used + others) / 2)), quota, window_ms: window,
      throttled_quota: refused && others > 0 ? 1 + Math.round(2 * noise(m + 5)) : 0,
      throttled_concurrency: refused && noise(m + 6) > 0.6 ? 1 : 0,
      throttled_load: refused && noise(m + 7) > 0.8 ? 2 : 0,
    });
  }
  return out;
}

/** Answers GET /quota/history from quotaMinutes. */
export function quotaHistory(minutes, query) {
  const step = Number(query.get('step') ?? 1);
  const from = Math.floor(Date.parse(query.get('from')) / 60_000 / step) * step;
  const to = Math.ceil(Date.parse(query.get('to')) / 60_000 / step) * step;
  const steps = new Map();
  for (const m of minutes) {
    if (m.minute < from || m.minute >= to) continue;
    const begins = Math.floor(m.minute / step) * step;
    const s = steps.get(begins);
    if (!s) steps.set(begins, { ...m, minute: begins });
    else {
      for (const sum of ['used', 'others', 'throttled_quota', 'throttled_concurrency', 'throttled_load']) s[sum] += m[sum];
      s.left_min = Math.min(s.left_min, m.left_min);
    }
  }
  const at = (minute) => new Date(minute * 60_000).toISOString();
  return { points: [...steps.values()].map(({ minute, ...p }) => ({ at: at(minute), ...p })), step_minutes: step, from: at(from), to: at(to) };
}

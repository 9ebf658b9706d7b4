/** What is said of the records of a kind of flow. */
export interface KindText {
  title: string;
  /** What a record is recognised by. */
  key: string;
  list: { description: string; emptyHeading: string; createHeader: string; defaultName: string };
  next: { map: string; run: string };
  source: { header: string; urlPlaceholder: string };
  mapping: { description: string; target: string; targetLabel: (n: number) => string; missing: (list: string) => string };
  run: {
    unchanged: string;
    dry: (create: string, update: string, unchanged: string) => string;
    cancel: string;
    beforeHint: string;
    toCreate: string;
    toUpdate: string;
  };
  /** When a feed of it is deleted. */
  kept: string;
  /** The choices of the kind's own options; none: the kind has none that the panel knows. */
  options?: { repeatedNames: { name: string; help: string; append: string; appendHelp: string; fail: string; failHelp: string } };
}

/** What a kind calls its records, as the server says it: in lower case. */
export interface Names {
  singular: string;
  plural: string;
}

/** The words of a kind of which no more is known than what its records are called. */
export function textOf({ singular, plural }: Names): KindText {
  const one = capital(singular);
  const many = capital(plural);
  return {
    title: many,
    key: 'Key',
    list: {
      description: `Feeds that create and update ${plural} in your store.`,
      emptyHeading: `Connect your first ${singular} feed`,
      createHeader: `New ${singular} feed`,
      defaultName: `${one} feed`,
    },
    next: { map: `Sluice suggests which column fills which ${singular} field.`, run: `Watch ${plural} land in your store.` },
    source: { header: `Where the ${plural} come from`, urlPlaceholder: `https://erp.example.com/export/${plural.replaceAll(/\W+/g, '-')}.csv` },
    mapping: {
      description: `On the left a ${singular} field in BigCommerce; beside it an expression over the row, most often just a column name.`,
      target: `${one} field`,
      targetLabel: (n) => `${one} field of line ${n}`,
      missing: (list) => `New ${plural} need these fields: ${list}.`,
    },
    run: {
      unchanged: `Your store already had everything in the feed: no ${singular} needed a change.`,
      dry: (create, update, unchanged) => `The run would create ${create} and update ${update} ${plural}; ${unchanged} need no change.`,
      cancel: `Sluice stops after the step it is in. ${many} that were written stay as they are. You can run the feed again at any time; what is done costs nothing.`,
      beforeHint: `The value when Sluice last saw the ${singular}`,
      toCreate: `${many} to create`,
      toUpdate: `${many} to update`,
    },
    kept: `${many} in your store and the history of runs stay as they are.`,
  };
}

function capital(s: string): string {
  return s.charAt(0).toUpperCase() + s.slice(1);
}

// The help beside each page. What a merchant asks there, answered shortly.

export interface HelpTopic {
  title: string;
  /** What the page is for. */
  intro: string;
  questions: { question: string; answer: string }[];
}

const home: HelpTopic = {
  title: 'Home',
  intro: 'Home tells you whether your store is in step with your data, what needs you first, and what comes next.',
  questions: [
    { question: 'How do I bring my first data in?', answer: 'Choose Create sync, say what you want to keep in step, and drop your file or paste its address. Sluice shows every change in a preview before anything is written.' },
    { question: 'What does “needs attention” mean?', answer: 'A problem that stays until it is solved: a file that cannot be reached, records that could not be written, a run that waits for your answer. It goes away by itself once the cause is gone.' },
    { question: 'Who is told when something fails?', answer: 'Whoever installed Sluice gets an e-mail. Settings, Alerts changes who is told, about what, and when.' },
  ],
};

const syncs: HelpTopic = {
  title: 'Syncs',
  intro: 'A sync keeps one kind of record in your store in step with one source: products, stock or prices from a file.',
  questions: [
    { question: 'What is a preview?', answer: 'A preview does everything a run does, except writing. It shows what would be created and changed, value by value, and how long it would take.' },
    { question: 'What is the matching?', answer: 'It says which column of your file fills which field of BigCommerce. Sluice proposes one from the names of your columns; what it guessed is marked.' },
    { question: 'Can a sync delete something?', answer: 'A sync creates and changes records. It does not delete products that are missing in your file.' },
    { question: 'How do I stop a sync for a while?', answer: 'Switch it off. Its schedule waits, and nothing of it is lost.' },
    { question: 'What if my file has far fewer rows than before?', answer: 'The run stops and asks you first, so that a broken export does not reach your store.' },
  ],
};

const activity: HelpTopic = {
  title: 'Activity',
  intro: 'Everything that happened in this store: runs of your syncs, and what people changed.',
  questions: [
    { question: 'Where do I see what a run changed?', answer: 'Open the run. Problems are grouped by their cause, each with what to do; Changes lists every value before and after.' },
    { question: 'Which row of my file is meant?', answer: 'Row is the number that a spreadsheet shows: row 1 is the header. The download of the problems has it too.' },
    { question: 'What does “Try the failed records again” do?', answer: 'It runs the records that could not be written once more. It is offered when something has changed since: the matching, the file, or a problem that passes by itself.' },
  ],
};

const attention: HelpTopic = {
  title: 'Needs attention',
  intro: 'Open problems over all your syncs, each once, with its age and what to do about it.',
  questions: [
    { question: 'When does a problem go away?', answer: 'By itself, as soon as its cause is gone: after a good run, for example.' },
    { question: 'What does muting do?', answer: 'A muted problem is not counted and nobody is told about it until the day you choose. It stays in the list.' },
  ],
};

const connections: HelpTopic = {
  title: 'Connections',
  intro: 'Where the data of your syncs comes from, and when Sluice last reached it.',
  questions: [{ question: 'How do I change an address or a password?', answer: 'Open the sync that uses the connection. A password is stored encrypted and never shown again: type a new one to replace it.' }],
};

const settings: HelpTopic = {
  title: 'Settings',
  intro: 'Who may use Sluice in this store, who is told when something needs attention, and how programs of yours reach it.',
  questions: [
    { question: 'Who may change something?', answer: 'The store’s owner and admins. Viewers see everything and change nothing.' },
    { question: 'What is an API key for?', answer: 'For a program of yours that starts runs or reads their results. You see a key once, when it is made.' },
    { question: 'What is the request allowance?', answer: 'BigCommerce lets every store’s apps send a number of requests in some seconds. Sluice never goes beyond it, and leaves room for your other apps.' },
  ],
};

export const helpText = {
  label: (title: string) => `Help: ${title}`,
  close: 'Close help',
  support: 'Ask support',
  noSupport: 'Ask whoever runs Sluice for you.',
  more: 'Still stuck?',
  topics: { '': home, syncs, activity, attention, connections, settings } as Record<string, HelpTopic>,
  fallback: home,
};

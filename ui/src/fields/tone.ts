export type Tone = 'default' | 'info' | 'success' | 'warning' | 'error';

const words: [Tone, RegExp][] = [
  [
    'success',
    /^(done|complete|completed|active|current|enabled|paid|approved|succeeded|success|healthy|ok)$/,
  ],
  ['warning', /^(high|in[_-]progress|pending|waiting|review|paused|retiring)$/],
  ['error', /^(critical|urgent|failed|failure|rejected|blocked|suspended|disabled|expired|overdue|broken)$/],
  ['default', /^(low|archived|draft|cancelled|closed|retired|none|inactive)$/],
];

/** The tone of a choice that is shown in a colour. The word says the same, to those who see no colours. */
export function toneOf(choice: string): Tone {
  return words.find(([, named]) => named.test(choice))?.[0] ?? 'info';
}

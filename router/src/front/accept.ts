/** The media types of a single answer. */
export type JsonType = 'application/graphql-response+json' | 'application/json';

/** What an `Accept` header lets us answer with. */
export type Accepted = {
  /** Null when it takes no JSON at all. */
  readonly json: JsonType | null;
  /**
   * The client named `application/json` itself: by the specification it then gets 200 for every answer that is
   * GraphQL, because clients of that time take another status for a failure of the network.
   */
  readonly isLegacy: boolean;
  /** How subscriptions go out, by preference. */
  readonly stream: 'events' | 'parts' | null;
  /** Server-sent events are preferred to JSON for queries and mutations too. */
  readonly prefersEvents: boolean;
};

/** The compressions we write. */
export type Encoding = 'br' | 'gzip';

type Range = { readonly name: string; readonly parameters: readonly string[]; readonly weight: number };

/** There are about a dozen different headers in the world; whoever invents more does not fill our memory. */
const maxRemembered = 200;

/** Longer ones are read again each time. */
const maxRememberedLength = 512;

const remembering = <Read>(read: (header: string) => Read): ((header: string) => Read) => {
  const known = new Map<string, Read>();
  return (header) => {
    const found = known.get(header);
    if (found !== undefined) return found;
    const made = read(header);
    if (known.size < maxRemembered && header.length <= maxRememberedLength) known.set(header, made);
    return made;
  };
};

const weightOf = (parameters: readonly string[]): number => {
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  if (given === undefined) return 1;
  const weight = Number(given.slice(2));
  return weight >= 0 && weight <= 1 ? weight : 0;
};

const rangesOf = (header: string): readonly Range[] =>
  header
    .toLowerCase()
    .split(',')
    .map((range) => {
      const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
      return { name, parameters, weight: weightOf(parameters) };
    });

/** The weight of the most specific range that matches, as RFC 9110 has it. */
const weightFor = (ranges: readonly Range[], names: readonly string[]): number => {
  for (const name of names) {
    const matching = ranges.filter((range) => range.name === name);
    if (matching.length > 0) return Math.max(...matching.map(({ weight }) => weight));
  }
  return 0;
};

const acceptedBy = remembering((header: string): Accepted => {
  const ranges = rangesOf(header);
  // Only a client that knows the type names it; to all others, and to a wildcard, JSON is `application/json`.
  const modern = weightFor(ranges, ['application/graphql-response+json']);
  const plain = weightFor(ranges, ['application/json', 'application/*', '*/*']);
  const events = weightFor(ranges, ['text/event-stream']);
  const parts = weightFor(
    ranges.filter(({ parameters }) => parameters.some((one) => /^subscriptionspec="?1\.0"?$/.test(one))),
    ['multipart/mixed'],
  );
  const json = Math.max(modern, plain);
  const stream = parts > events ? 'parts' : 'events';
  return {
    json: json === 0 ? null : modern >= plain ? 'application/graphql-response+json' : 'application/json',
    isLegacy: plain > modern && ranges.some(({ name }) => name === 'application/json'),
    stream: Math.max(events, parts) > 0 ? stream : null,
    prefersEvents: events > json,
  };
});

/** What an `Accept` header lets us answer with; without one, anything. */
export const acceptedOf = (header: string | undefined): Accepted => acceptedBy(header ?? '*/*');

const encodingBy = remembering((header: string): Encoding | 'none' => {
  const ranges = rangesOf(header);
  const br = weightFor(ranges, ['br', '*']);
  const gzip = weightFor(ranges, ['gzip', 'x-gzip', '*']);
  if (br === 0 && gzip === 0) return 'none';
  return br >= gzip ? 'br' : 'gzip';
});

/** The compression an `Accept-Encoding` header prefers; null for none. */
export const encodingOf = (header: string | string[] | undefined): Encoding | null => {
  if (typeof header !== 'string') return null;
  const encoding = encodingBy(header);
  return encoding === 'none' ? null : encoding;
};

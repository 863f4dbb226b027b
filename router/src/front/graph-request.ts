import { BadRequest, overLimit } from './refusal.ts';

/** What a client asks, as it was sent: nothing of it has been looked at but its shape. */
export type GraphRequest = {
  /** Null when the operation is named by an id in `documentId` or `extensions`. */
  readonly query: string | null;
  readonly documentId: string | null;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly extensions: Readonly<Record<string, unknown>>;
};

type Map = Readonly<Record<string, unknown>>;

const none: Map = Object.freeze({});

const bad = (message: string): BadRequest => new BadRequest(400, 'BAD_REQUEST', message);

const isMap = (value: unknown): value is Map =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textIn = (body: Map, name: string): string | null => {
  const value = Object.hasOwn(body, name) ? body[name] : null;
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return null;
  throw bad(`\`${name}\` is a string.`);
};

const isDeeper = (value: unknown, levels: number): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    if (isDeeper(inner, levels - 1)) return true;
  }
  return false;
};

const mapIn = (body: Map, name: string, maxDepth: number): Map => {
  const value = Object.hasOwn(body, name) ? body[name] : null;
  if (value === null || value === undefined) return none;
  if (!isMap(value)) throw bad(`\`${name}\` is an object.`);
  if (isDeeper(value, maxDepth)) {
    const message = `\`${name}\` is more than ${maxDepth} levels deep.`;
    throw overLimit(400, message, { limit: 'jsonDepth', allowed: maxDepth });
  }
  return value;
};

/** Reads one operation of a JSON body. */
export const graphRequestOf = (body: unknown, maxDepth: number): GraphRequest => {
  if (!isMap(body)) throw bad('The body is a JSON object with a `query`.');
  const request = {
    query: textIn(body, 'query'),
    documentId: textIn(body, 'documentId'),
    operationName: textIn(body, 'operationName'),
    variables: mapIn(body, 'variables', maxDepth),
    extensions: mapIn(body, 'extensions', maxDepth),
  };
  if (request.query === null && request.documentId === null && request.extensions === none) {
    throw bad('There is no `query` to run.');
  }
  return request;
};

const jsonIn = (parameters: URLSearchParams, name: string): unknown => {
  const text = parameters.get(name);
  if (text === null || text === '') return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw bad(`\`${name}\` is not valid JSON.`);
  }
};

/** Reads the operation in the address of a GET. */
export const graphRequestOfSearch = (search: string, maxDepth: number): GraphRequest => {
  const parameters = new URLSearchParams(search);
  return graphRequestOf(
    {
      query: parameters.get('query'),
      documentId: parameters.get('documentId'),
      // Forms send an empty field for one that was left out.
      operationName: parameters.get('operationName') || null,
      variables: jsonIn(parameters, 'variables'),
      extensions: jsonIn(parameters, 'extensions'),
    },
    maxDepth,
  );
};

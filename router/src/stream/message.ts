type Map = Readonly<Record<string, unknown>>;

/** What a client says, checked as far as the protocol goes. */
export type ClientMessage =
  | { readonly type: 'connection_init' | 'ping' | 'pong'; readonly payload: Map | undefined }
  | { readonly type: 'subscribe'; readonly id: string; readonly payload: Map }
  | { readonly type: 'complete'; readonly id: string };

/** What is wrong with a message, in the words the socket is closed with. */
export type BadMessage = { readonly problem: string };

/** Each event carries the id again; those of clients are numbers or UUIDs. */
const maxIdLength = 128;

const isMap = (value: unknown): value is Map =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

const idOf = ({ id }: Map): string | null =>
  typeof id === 'string' && id !== '' && id.length <= maxIdLength ? id : null;

/** Reads a message of graphql-transport-ws. */
export const readMessage = (text: string): ClientMessage | BadMessage => {
  const message = parse(text);
  if (!isMap(message)) return { problem: 'A message is a JSON object.' };
  const { type, payload } = message;
  switch (type) {
    case 'connection_init':
    case 'ping':
    case 'pong': {
      if (payload === undefined || payload === null) return { type, payload: undefined };
      return isMap(payload) ? { type, payload } : { problem: 'The payload is an object.' };
    }
    case 'subscribe': {
      const id = idOf(message);
      if (id === null) return { problem: `The id is a string of 1 to ${maxIdLength} characters.` };
      return isMap(payload) ? { type, id, payload } : { problem: 'The payload is an object.' };
    }
    case 'complete': {
      const id = idOf(message);
      return id === null ? { problem: 'The id is a string.' } : { type, id };
    }
    default:
      return { problem: 'The type is none that a client sends.' };
  }
};

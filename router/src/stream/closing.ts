/** Why we close a socket: codes of graphql-transport-ws, of WebSocket itself, and below 4300 of our own. */
export const closing = {
  going: [1001, 'The server is stopping: connect again.'],
  badMessage: [4400, 'Bad message'],
  unauthorized: [4401, 'Unauthorized'],
  forbidden: [4403, 'Forbidden'],
  expired: [4403, 'The token has expired: connect again with a new one.'],
  sessionEnded: [4403, 'Your session has ended: sign in again.'],
  wrongProtocol: [4406, 'Subprotocol not acceptable: speak graphql-transport-ws.'],
  initTimeout: [4408, 'Connection initialisation timeout'],
  tooManyInits: [4429, 'Too many initialisation requests'],
  failed: [4500, 'Something went wrong on our side.'],
  tooSlow: [4290, 'Too slow: connect again and subscribe with after.'],
  tooManyMessages: [4291, 'Too many messages: say less at a time.'],
  tooManySockets: [4292, 'Too many sockets of this account: close some.'],
} as const satisfies Readonly<Record<string, Closing>>;

export type Closing = readonly [code: number, reason: string];

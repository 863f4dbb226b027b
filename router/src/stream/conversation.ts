import { answerOf, BadRequest } from '../front/refusal.ts';
import { type Closing, closing } from './closing.ts';
import { textFrame } from './frame.ts';
import { createGreeting, type GreetingOptions } from './greeting.ts';
import { createAllowance } from './limits.ts';
import { type ClientMessage, readMessage } from './message.ts';
import { errorFrame, type Wire } from './operation.ts';
import { createOperations, type OperationsOptions } from './operations.ts';

export type ConversationOptions = GreetingOptions & OperationsOptions;

/** One client's talk of graphql-transport-ws. */
export type Conversation = {
  readonly hear: (text: string) => void;
  /** Counts what is no message of the protocol, such as the pings of WebSocket itself. */
  readonly count: () => void;
  readonly close: (why: Closing) => void;
  /** The socket has closed. */
  readonly end: () => void;
};

const ackFrame = textFrame('{"type":"connection_ack"}');

const pongFrame = (payload: unknown): Buffer => textFrame(JSON.stringify({ type: 'pong', payload }));

/** Speaks graphql-transport-ws with one client. */
export const createConversation = (wire: Wire, options: ConversationOptions): Conversation => {
  const operations = createOperations(wire, options);
  const mayHear = createAllowance(options.limits);
  let isOver = false;

  const end = () => {
    if (isOver) return;
    isOver = true;
    greeting.end();
    operations.endAll();
  };

  const close = ([code, reason]: Closing) => {
    if (isOver) return;
    end();
    wire.close(code, reason);
  };

  const greeting = createGreeting(
    {
      close,
      acknowledge: () => wire.say(ackFrame),
      // It may be a change of this very socket that has ended it, and is owed an answer.
      leave: () => operations.endReading(() => close(closing.sessionEnded)),
    },
    options,
  );

  const begin = ({ id, payload }: Extract<ClientMessage, { type: 'subscribe' }>) => {
    const caller = greeting.caller();
    if (!caller) return close(closing.unauthorized);
    try {
      if (!operations.begin(id, payload, caller)) close([4409, `Subscriber for ${id} already exists`]);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      if (error.code === 'BAD_REQUEST') return close([closing.badMessage[0], error.message]);
      wire.say(errorFrame(id, answerOf(error)));
    }
  };

  const take = (message: ClientMessage) => {
    switch (message.type) {
      case 'connection_init':
        return greeting.greet(message.payload ?? {});
      case 'ping':
        return wire.say(pongFrame(message.payload));
      case 'pong':
        return;
      case 'subscribe':
        return begin(message);
      case 'complete':
        return operations.end(message.id);
    }
  };

  const count = () => {
    if (!mayHear()) close(closing.tooManyMessages);
  };

  return {
    hear: (text) => {
      count();
      if (isOver) return;
      const message = readMessage(text);
      if ('problem' in message) return close([closing.badMessage[0], message.problem]);
      take(message);
    },
    count,
    close,
    end,
  };
};

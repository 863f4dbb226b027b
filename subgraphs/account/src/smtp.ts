import { createTransport } from 'nodemailer';
import type { SendMail } from './mail-service.ts';

/** Shorter than a mail is lent to a process for, so that none is sent by two. */
const limitMs = 30_000;

/** Sends mails by a server, `smtp://user:password@host:587` or `smtps://…`. */
export const openSmtp = (
  url: string,
  from: string,
): { readonly send: SendMail; readonly close: () => void } => {
  const transport = createTransport(
    {
      url,
      pool: true,
      maxConnections: 5,
      connectionTimeout: limitMs,
      greetingTimeout: limitMs,
      socketTimeout: limitMs,
    },
    { from },
  );
  return {
    send: async ({ id, to, subject, body }) => {
      // The same id for a repeat, so that a mailbox can see that it is one. The address is no header to be parsed.
      const domain = from.replace(/^.*@|>.*$/g, '');
      const address = { name: '', address: to };
      await transport.sendMail({ to: address, subject, text: body, messageId: `<${id}@${domain}>` });
    },
    close: () => transport.close(),
  };
};
